-- name: migration
-- The revision that the database is at; no row where it was never migrated.
select version_num from alembic_version;

-- name: queues
-- Depth and age of each queue: live rows, due ones, dead letters, the breaker. No count looks at more than %(cap)s rows.
select q.name as queue, d.live, d.due, extract(epoch from now() - d.oldest_due_at) as oldest_due_seconds, d.dead,
    (q.opened_at is not null)::int as breaker_open,
    (q.paused_at is not null)::int as paused,
    q.openings as breaker_openings_total
from queues q, nightshift.depth(q.name, %(cap)s::int) d order by q.name;

-- name: runs
-- Runs of the last hour by job and status.
select job_name as job, status, count(*) as runs
from job_history where started_at > now() - interval '1 hour' group by job_name, status order by 1, 2;

-- name: counters
-- What all processes have counted.
select name, labels, value from metric_counters order by name, labels;
