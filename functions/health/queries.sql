-- name: migration
-- The revision that the database is at.
select version_num from alembic_version;

-- name: queues
-- Depth and age of each queue: rows awake or waiting, due ones, dead letters, the breaker.
select 'pending_responses' as queue,
    (select count(*) from pending_responses where status in ('pending', 'processing')) as live,
    (select count(*) from pending_responses where wake_at <= now()) as due,
    (select extract(epoch from now() - min(wake_at)) from pending_responses where wake_at <= now()) as oldest_due_seconds,
    (select count(*) from pending_responses where status = 'failed') as dead,
    (select (opened_at is not null)::int from queues where name = 'pending_responses') as breaker_open
union all
select 'email_queue',
    (select count(*) from email_queue where wake_at is not null),
    (select count(*) from email_queue where wake_at <= now()),
    (select extract(epoch from now() - min(wake_at)) from email_queue where wake_at <= now()),
    (select count(*) from email_queue where status = 'dead_letter'),
    (select (opened_at is not null)::int from queues where name = 'email_queue')
union all
select 'webhook_retry_queue',
    (select count(*) from webhook_retry_queue where wake_at is not null),
    (select count(*) from webhook_retry_queue where wake_at <= now()),
    (select extract(epoch from now() - min(wake_at)) from webhook_retry_queue where wake_at <= now()),
    (select count(*) from webhook_retry_queue where status = 'dead_letter'),
    (select (opened_at is not null)::int from queues where name = 'webhook_retry_queue');

-- name: runs
-- Runs of the last hour by job and status.
select job_name as job, status, count(*) as runs
from job_history where started_at > now() - interval '1 hour' group by job_name, status order by 1, 2;
