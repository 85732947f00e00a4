-- name: claim
-- Lease due rows; the run's history row is opened with the first of them.
select {columns} from nightshift.{claim}(
    %(limit)s::int, %(token)s::uuid, make_interval(secs => %(lease)s::float8),
    %(run)s::uuid, %(job)s::text, %(trigger)s::text);

-- name: settle
-- Write the fates of several rows; rows that are no longer ours stay as they are.
select settled, done, again, dead, queue_open from nightshift.{settle}(
    %(token)s::uuid, %(id)s::uuid[], %(fate)s::text[], %(why)s::text[], %(again)s::timestamptz[],
    %(receipt)s::text[], %(ms)s::int[], %(delays)s::interval[]);

-- name: sweep
-- Chats in which only waiting rows are left: their first one is let go.
select nightshift.{sweep}() as chats;

-- name: next_wake
-- Seconds until something wants attention; null when nothing does.
select extract(epoch from nightshift.{next_wake}() - now())::float8 as seconds;

-- name: why
-- One line for a person.
select why(%(queue)s::text, %(id)s::uuid) as why;
