-- name: page
-- A page of runs, newest first.
select id, job_name as job, run_key, trigger, status, started_at, completed_at, items_processed as processed,
    items_failed as failed, error_message, metadata
from job_history
where (%(job)s::text is null or job_name = %(job)s::text)
  and (%(status)s::text is null or status = %(status)s::text)
  and (%(trigger)s::text is null or trigger = %(trigger)s::text)
  and (%(since)s::timestamptz is null or started_at >= %(since)s::timestamptz)
  and (%(until)s::timestamptz is null or started_at < %(until)s::timestamptz)
  and (%(before_at)s::timestamptz is null
       or (started_at, id) < (%(before_at)s::timestamptz, %(before_id)s::uuid))
order by started_at desc, id desc
limit %(limit)s::int;

-- name: one
-- One run, with the last lines that it wrote to its log.
select id, job_name as job, run_key, trigger, status, started_at, completed_at, items_processed as processed,
    items_failed as failed, error_message, metadata, coalesce(log_lines, '[]') as log
from job_history where id = %(id)s::uuid;

-- name: latest
-- The last runs of each of these jobs, newest first. A range of one job, and not an equality, so that they are read by
-- the index of jobs: by the index of times, a job that runs once a day is looked for among all runs of the others.
select run.*
from unnest(%(jobs)s::text[]) as wanted (job)
cross join lateral (
    select h.id, h.job_name as job, h.trigger, h.status, h.started_at, h.completed_at, h.items_processed as processed,
        h.items_failed as failed, extract(epoch from h.completed_at - h.started_at)::double precision as seconds
    from job_history h
    where h.job_name between wanted.job and wanted.job
    order by h.job_name, h.started_at desc
    limit %(limit)s::int
) run
order by run.job, run.started_at desc;
