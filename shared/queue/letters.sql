-- name: groups
-- The newest dead letters of a queue by what killed them, the most frequent first.
select error, count(*) as letters, count(*) filter (where possible_duplicate) as possible_duplicates,
    min(finished_at) as oldest_at, max(finished_at) as newest_at, (array_agg(id order by finished_at desc))[1] as example_id
from (
    select id, error, finished_at, possible_duplicate from nightshift.dead_rows
    where queue = %(queue)s::text
    order by finished_at desc limit %(cap)s::int) newest
group by error
order by letters desc, error;

-- name: chosen
-- The dead letters that a filter means, oldest first.
select id, recipient, error, finished_at, possible_duplicate
from nightshift.dead_rows
where queue = %(queue)s::text
  and (%(error)s::text is null or error = %(error)s::text)
  and (%(before)s::timestamptz is null or finished_at < %(before)s::timestamptz)
  and (%(after)s::timestamptz is null or finished_at > %(after)s::timestamptz)
order by finished_at, id
limit %(limit)s::int;

-- name: requeue
-- Bring rows back; the act is recorded.
select nightshift.requeue(%(queue)s::text, %(ids)s::uuid[], %(actor)s::text) as id;

-- name: discard
-- Give rows up; the act is recorded.
select nightshift.discard(%(queue)s::text, %(ids)s::uuid[], %(actor)s::text) as id;

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
