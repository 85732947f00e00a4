-- name: by_key
-- The row of an idempotency key.
select id from {queue} where idempotency_key = %(key)s::text and id > %(after)s::uuid and id < %(before)s::uuid
order by id desc limit %(most)s::int;

-- name: by_event
-- The row of a provider's event, in the collation of its index.
select id from webhook_retry_queue
where webhook_event_id collate "C" = %(key)s::text and id > %(after)s::uuid and id < %(before)s::uuid
order by id desc limit %(most)s::int;

-- name: by_address
-- Mails to one address.
select id from email_queue
where lower(to_email) = %(recipient)s::text and id > %(after)s::uuid and id < %(before)s::uuid
order by id desc limit %(most)s::int;

-- name: by_chat
-- Replies to one chat: those that wait, and those of the users who have it.
select id from pending_responses
where id = any (array(
    select id from pending_responses
    where telegram_chat_id = %(recipient)s::bigint and status in ('pending', 'processing')
      and id > %(after)s::uuid and id < %(before)s::uuid
    union all
    select r.id from pending_responses r
    where r.user_id = any (array(
            select id from users where telegram_id = %(recipient)s::bigint
            union
            select user_id from pending_responses
            where telegram_chat_id = %(recipient)s::bigint and status in ('pending', 'processing')))
      and r.telegram_chat_id = %(recipient)s::bigint and r.id > %(after)s::uuid and r.id < %(before)s::uuid))
order by id desc limit %(most)s::int;

-- name: by_error
-- Rows that ended, or go on, with one error.
select id from (
    (select id from nightshift.queue_errors
     where queue = %(queue)s::text and finished_at is not null and done_at is null and fingerprint >= %(fingerprint)s::text
       and (fingerprint, finished_at) <= (%(fingerprint)s::text, timestamptz 'infinity')
       and id > %(after)s::uuid and id < %(before)s::uuid
     order by fingerprint desc, finished_at desc limit %(most)s::int)
    union all
    (select id from nightshift.queue_errors
     where queue = %(queue)s::text and finished_at is null and troubled and fingerprint >= %(fingerprint)s::text
       and (fingerprint, id) <= (%(fingerprint)s::text, %(before)s::uuid)
       and id > %(after)s::uuid and id < %(before)s::uuid
     order by fingerprint desc, id desc limit %(most)s::int)) r
order by id desc limit %(most)s::int;

-- name: by_run
-- Rows that one run had in hand: those that it finished, and among the longest due the ones that it left or still has.
select id from (
    select r.id, r.run_id, r.history from job_history h
    cross join lateral (
        select id, run_id, history from nightshift.queue_errors
        where queue = %(queue)s::text and finished_at is not null
          and finished_at between h.started_at and coalesce(h.completed_at, now())
        order by finished_at desc limit %(look)s::int) r
    where h.id = %(run)s::uuid
    union all
    (select id, run_id, history from nightshift.queue_errors
     where queue = %(queue)s::text and finished_at is null and not held
     order by due_at, id limit %(look)s::int)) r
where id > %(after)s::uuid and id < %(before)s::uuid
  and (run_id = %(run)s::uuid or history @> jsonb_build_array(jsonb_build_object('run', %(run)s::text)))
order by id desc limit %(most)s::int;

-- name: latest
-- The latest rows, whatever they are.
select id from nightshift.queue_rows
where queue = %(queue)s::text and id > %(after)s::uuid and id < %(before)s::uuid
order by id desc limit %(most)s::int;

-- name: few
-- Rows that a small index holds, if they are few: no more than %(most)s, in no order.
select id, status from nightshift.{rows}
where queue = %(queue)s::text and id > %(after)s::uuid and id < %(before)s::uuid
limit %(most)s::int;

-- name: under_way
-- Rows that are leased: they are among the longest due.
select id from (
    select id, status from nightshift.queue_errors
    where queue = %(queue)s::text and finished_at is null and not held
    order by due_at, id limit %(look)s::int) longest
where status = 'processing' and id > %(after)s::uuid and id < %(before)s::uuid
order by id desc limit %(most)s::int;

-- name: among
-- Of these rows the ones that all of a search is true of, newest first. Only those that are shown are made fit for it.
select id, status, recipient, attempts, due_at, held, waits_for, error, troubled, possible_duplicate, created_at, finished_at,
    content
from nightshift.queue_rows
where queue = %(queue)s::text and id = any (array(
    select id from nightshift.queue_rows
    where queue = %(queue)s::text and id = any (%(ids)s::uuid[])
      and (%(status)s::text is null or status = %(status)s::text)
      and (%(recipient)s::text is null or recipient = %(recipient)s::text)
      and (%(fingerprint)s::text is null or troubled and nightshift.fingerprint(error) = %(fingerprint)s::text)
      and (%(run)s::uuid is null or run_id = %(run)s::uuid
           or history @> jsonb_build_array(jsonb_build_object('run', %(run)s::text)))
    order by id desc limit %(limit)s::int))
order by id desc;
