-- name: last
-- The last successful comparison with Stripe's list: when it began, and where it had to stop.
select h.started_at, h.metadata -> 'resume' as resume from job_history h
where h.job_name = 'reconcile-stripe' and h.status = 'success' and h.metadata ? 'listed'
order by h.started_at desc limit 1;
