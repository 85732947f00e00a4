-- name: plan
-- One page of players, and where the next one begins.
select planned, zone, after from nightshift.plan_recaps(
    %(now)s::timestamptz, %(zone)s::text, %(after)s::uuid, %(limit)s::int);

-- name: planned
-- Whether this hour's plan has been made already.
select coalesce(planned_at >= date_trunc('hour', %(now)s::timestamptz, 'UTC'), false) as done from recap_channel;

-- name: note_plan
-- Everybody was looked at.
update recap_channel set planned_at = greatest(planned_at, %(now)s::timestamptz);

-- name: waiting
-- How many may be asked for now, counted no further than it matters.
select count(*)::int as rows from (
    select from recap_work w
    where w.batch is null and coalesce(w.locked_until, w.next_at) <= now()
      and not exists (select from recap_channel c where c.held_until > now())
    limit %(most)s::int) as counted;

-- name: claim
-- Recaps that are due, and what each is made of.
select user_id, summary_date, attempts, doubts, overdue, name, chapter, status, score_start, score_end, decay_applied,
    conversations_count, messages, events
from nightshift.claim_recaps(%(token)s::uuid, %(limit)s::int, %(lease)s::interval);

-- name: reserve
-- Money for calls, while there is some.
select user_id, summary_date from nightshift.reserve_recaps(
    %(token)s::uuid, %(items)s::jsonb, %(day)s::date, %(budget)s::numeric);

-- name: write
-- What was written, and what goes back.
select nightshift.write_recaps(%(token)s::uuid, %(items)s::jsonb) as rows;

-- name: hold
-- Nobody asks before this time.
update recap_channel
set why = case when held_until > %(until)s::timestamptz then why else %(why)s::text end,
    held_until = greatest(held_until, %(until)s::timestamptz);

-- name: down
-- One more failure of Claude's in a row: the wait doubles, up to a quarter of an hour.
update recap_channel
set failures = failures + 1, why = %(why)s::text,
    held_until = greatest(held_until, now() + least(interval '1 minute' * 2 ^ least(failures, 10), interval '15 minutes'));

-- name: up
-- Claude answers again.
update recap_channel set failures = 0 where failures > 0;

-- name: bind
-- Rows of a batch that is about to be made.
select nightshift.bind_recaps(%(token)s::uuid, %(batch)s::uuid, %(items)s::jsonb, %(lease)s::interval) as rows;

-- name: made
-- Claude has made the batch, and named it.
update recap_batches
set batch_id = %(batch_id)s::text, created_at = %(created_at)s::timestamptz, locked_by = null, locked_until = null,
    next_look_at = now() + %(wait)s::interval
where id = %(batch)s::uuid and locked_by = %(token)s::uuid;

-- name: finish_batch
-- What a batch left undone waits again.
select nightshift.finish_recap_batch(
    %(token)s::uuid, %(batch)s::uuid, %(attempts)s::int, %(error)s::text) as rows;

-- name: claim_batch
-- The batch that was to be looked at first.
select id, batch_id, made_at, created_at, failures from nightshift.claim_recap_batch(%(token)s::uuid, %(lease)s::interval);

-- name: look_later
-- Nothing to collect yet; p_failures counts looks that failed.
update recap_batches
set locked_by = null, locked_until = null, next_look_at = %(at)s::timestamptz, last_error = %(error)s::text,
    failures = failures + %(failed)s::int
where id = %(batch)s::uuid and locked_by = %(token)s::uuid;

-- name: name_batch
-- A batch whose making was in doubt is known after all.
update recap_batches set batch_id = %(batch_id)s::text, created_at = %(created_at)s::timestamptz
where id = %(batch)s::uuid and batch_id is null;

-- name: known_batches
-- Which of these are ours, and known.
select batch_id from recap_batches where batch_id = any (%(batch_ids)s::text[]);

-- name: batch_rows
-- Rows of a batch, by their places, and what each was made of.
select user_id, summary_date, place, attempts, name, chapter, status, score_start, score_end, decay_applied,
    conversations_count, messages, events
from nightshift.claim_batch_rows(%(token)s::uuid, %(batch)s::uuid, %(limit)s::int, %(lease)s::interval);
