-- name: run_of_tick
-- The run that a tick has had already; its key is a day's or an hour's.
select id, status from job_history
where job_name = %(job)s::text and run_key = any (%(keys)s::text[]) and status in ('running', 'success')
order by started_at desc limit 1;
