-- name: runs
-- A page of runs, newest first.
select id, job_name as job, run_key, trigger, status, started_at, completed_at, items_processed as processed,
    items_failed as failed, error_message, metadata
from job_history
where (%(job)s::text is null or job_name = %(job)s::text)
  and (%(status)s::text is null or status = %(status)s::text)
  and (%(before_at)s::timestamptz is null
       or (started_at, id) < (%(before_at)s::timestamptz, %(before_id)s::uuid))
order by started_at desc, id desc
limit %(limit)s::int;

-- name: run
-- One run.
select id, job_name as job, run_key, trigger, status, started_at, completed_at, items_processed as processed,
    items_failed as failed, error_message, metadata
from job_history where id = %(id)s::uuid;

-- name: run_of_tick
-- The run that a tick has had already; its key is a day's or an hour's.
select id, status from job_history
where job_name = %(job)s::text and run_key = any (%(keys)s::text[]) and status in ('running', 'success')
order by started_at desc limit 1;

-- name: audit
-- The latest acts; ids are in the order of time.
select id, at, actor, action, subject, detail from audit_log
where %(before)s::uuid is null or id < %(before)s::uuid
order by id desc limit %(limit)s::int;
