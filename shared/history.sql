-- name: begin
-- The lock, the check and the row of a run that must happen once per key.
select run_id, reason from nightshift.begin_run(
    %(id)s::uuid, nightshift.pulse(%(job)s::text), %(key)s::text, %(trigger)s::text, %(limit)s::interval, %(metadata)s::jsonb);

-- name: end
-- Close a run's row, with its log lines, and add what was counted; runs of its job that were killed say so. Since when `watch` has been silent, if it has.
with ended as materialized (
    select nightshift.end_run(
        %(id)s::uuid, %(job)s::text, %(trigger)s::text, %(started)s::timestamptz, %(status)s::text,
        %(processed)s::int, %(failed)s::int, %(error)s::text, %(metadata)s::jsonb, %(log)s::json, %(counts)s::jsonb)
)
select nightshift.close_overdue_runs(%(job)s::text, %(limit)s::interval) as killed,
    nightshift.silent_since(%(watch)s::text, %(job)s::text, %(silence)s::interval) as silent_since
from ended;

-- name: close_overdue
-- Runs that were killed say so.
select nightshift.close_overdue_runs(%(job)s::text, %(limit)s::interval) as closed;
