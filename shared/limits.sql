-- name: reserve
-- Permits for several rows over several limits; the waits in microseconds.
select nightshift.reserve_permits(%(wanted)s::jsonb) as waits;

-- name: hold
-- No permit of a key before a time.
select nightshift.hold_permits(%(key)s::text, %(until)s::timestamptz);
