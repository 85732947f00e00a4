-- name: reserve
-- Permits for several rows over several limits.
select row_no, wait from nightshift.reserve_permits(
    %(row)s::int[], %(key)s::text[], %(permits)s::int[], %(window)s::interval[], %(patience)s::interval);

-- name: hold
-- No permit of a key before a time.
select nightshift.hold_permits(%(key)s::text, %(until)s::timestamptz);
