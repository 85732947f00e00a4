-- name: groups
-- What ails the rows of a queue: each error once, with the dead letters and the failing rows that have it. It looks at no
-- more than %(most)s errors of either kind, and of each at the latest %(cap)s rows. That a fingerprint equals one is said in
-- two halves, so that the rows come in the index's order: nobody knows beforehand how many an error has.
with recursive dead as (
    (select fingerprint, 1 as n from nightshift.queue_errors
     where queue = %(queue)s::text and finished_at is not null and done_at is null order by fingerprint limit 1)
    union all
    select (select r.fingerprint from nightshift.queue_errors r
            where r.queue = %(queue)s::text and r.finished_at is not null and r.done_at is null and r.fingerprint > p.fingerprint order by r.fingerprint limit 1), p.n + 1
    from dead p where p.fingerprint is not null and p.n < %(most)s::int
), failing as (
    (select fingerprint, 1 as n from nightshift.queue_errors
     where queue = %(queue)s::text and finished_at is null and troubled order by fingerprint limit 1)
    union all
    select (select r.fingerprint from nightshift.queue_errors r
            where r.queue = %(queue)s::text and r.finished_at is null and r.troubled and r.fingerprint > p.fingerprint order by r.fingerprint limit 1), p.n + 1
    from failing p where p.fingerprint is not null and p.n < %(most)s::int
), counted as (
    select p.fingerprint, d.letters, d.possible_duplicates, d.oldest_at, d.newest_at, f.failing,
        coalesce(d.example_id, f.example_id) as example_id
    from (select fingerprint from dead union select fingerprint from failing) p
    cross join lateral (
        select (count(*))::int as letters, (count(*) filter (where r.possible_duplicate))::int as possible_duplicates,
            min(r.finished_at) as oldest_at, max(r.finished_at) as newest_at,
            (array_agg(r.id order by r.finished_at desc))[1] as example_id
        from (
            select id, status, possible_duplicate, finished_at from nightshift.queue_errors
            where queue = %(queue)s::text and finished_at is not null and done_at is null and fingerprint >= p.fingerprint
              and (fingerprint, finished_at) <= (p.fingerprint, timestamptz 'infinity')
            order by fingerprint desc, finished_at desc limit %(cap)s::int) r
        where r.status = any ('{failed,dead_letter}')) d
    cross join lateral (
        select count(*)::int as failing, (array_agg(r.id))[1] as example_id
        from (
            select id from nightshift.queue_errors
            where queue = %(queue)s::text and finished_at is null and troubled and fingerprint >= p.fingerprint
              and (fingerprint, id) <= (p.fingerprint, uuid 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            order by fingerprint desc, id desc limit %(cap)s::int) r) f
    where p.fingerprint is not null and d.letters + f.failing > 0
)
select c.fingerprint, e.error, c.letters, c.failing, c.possible_duplicates, c.oldest_at, c.newest_at, c.example_id
from counted c
left join nightshift.queue_rows e on e.queue = %(queue)s::text and e.id = c.example_id
order by c.letters desc, c.failing desc, e.error;

-- name: chosen
-- The rows that a filter means among those that ended without going out, the oldest first; the first ones with their error.
with chosen as (
    select id, recipient, finished_at, possible_duplicate, row_number() over (order by finished_at, id) as place
    from nightshift.queue_errors
    where queue = %(queue)s::text and finished_at is not null and done_at is null and status = any (%(statuses)s::text[])
      and (%(ids)s::uuid[] is null or id = any (%(ids)s::uuid[]))
      and (%(error)s::text is null or fingerprint = nightshift.fingerprint(%(error)s::text))
      and (%(fingerprint)s::text is null or fingerprint = %(fingerprint)s::text)
      and (%(before)s::timestamptz is null or finished_at < %(before)s::timestamptz)
      and (%(after)s::timestamptz is null or finished_at > %(after)s::timestamptz)
    order by finished_at, id
    limit %(limit)s::int
)
select c.id, c.recipient, c.finished_at, c.possible_duplicate,
    case when c.place <= %(examples)s::int
         then (select r.error from nightshift.queue_rows r where r.queue = %(queue)s::text and r.id = c.id) end as error
from chosen c order by c.place;

-- name: requeue
-- Bring rows back; the act is recorded.
select nightshift.requeue(%(queue)s::text, %(ids)s::uuid[], %(actor)s::text) as id;

-- name: discard
-- Give rows up; the act is recorded.
select nightshift.discard(%(queue)s::text, %(ids)s::uuid[], %(actor)s::text) as id;

-- name: restore
-- Undo discards; the act is recorded.
select nightshift.restore(%(queue)s::text, %(ids)s::uuid[], %(actor)s::text) as id;

-- name: begin_wave
-- Start a requeue that goes 1, 10, all.
select nightshift.begin_wave(%(queue)s::text, %(ids)s::uuid[], %(actor)s::text, %(filter)s::jsonb) as id;

-- name: advance_wave
-- Do the next step, if it is time.
select nightshift.advance_wave(id) from requeue_waves
where queue = %(queue)s::text and id = %(id)s::uuid and status = 'running';

-- name: stop_wave
-- End it by hand; what has not been tried goes back to the dead letters.
select nightshift.stop_wave(id, %(reason)s::text, %(actor)s::text) from requeue_waves
where queue = %(queue)s::text and id = %(id)s::uuid and status = 'running';

-- name: wave
-- How far it has come. Rows that are gone by now were sent and deleted.
select w.id, w.queue, w.status, w.reason, w.actor, w.filter, cardinality(w.ids) as letters, w.released,
    w.released - r.open - r.dead as out, r.open, r.dead, w.created_at, w.finished_at
from requeue_waves w
cross join lateral (
    select count(*) filter (where l.status in ('pending', 'processing'))::int as open,
        count(*) filter (where l.status in ('failed', 'dead_letter'))::int as dead
    from nightshift.queue_rows l
    where l.queue = %(queue)s::text and l.id = any (w.ids[1 : w.released])) r
where w.queue = %(queue)s::text and w.id = %(id)s::uuid;

-- name: running_wave
-- The requeue of a queue that is under way.
select id from requeue_waves where queue = %(queue)s::text and status = 'running';

-- name: waves
-- The latest requeues of a queue.
select id, status, reason, actor, filter, cardinality(ids) as letters, released, created_at, finished_at
from requeue_waves
where queue = %(queue)s::text and (%(before)s::uuid is null or id < %(before)s::uuid)
order by id desc limit %(limit)s::int;
