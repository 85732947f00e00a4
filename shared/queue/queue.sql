-- name: claim
-- Lease due rows, the longest due first; the run's history row is opened with the first of them. The first claim of a
-- pass notes its pulse.
select {columns} from nightshift.{claim}(
    %(limit)s::int, %(token)s::uuid, make_interval(secs => %(lease)s::float8),
    %(run)s::uuid, coalesce(nightshift.pulse(%(pulse)s::text), %(job)s::text), %(trigger)s::text)
order by {due}, id;

-- name: settle
-- Write the fates of several rows; rows that are no longer ours stay as they are.
select settled, done, again, dead, queue_open
from nightshift.{settle}(%(token)s::uuid, %(fates)s::jsonb, %(delays)s::interval[]);

-- name: exchange
-- Write fates, then lease due rows, in one transaction: the settlement's counts, then the columns of a claim.
select * from nightshift.{exchange}(
    %(token)s::uuid, %(fates)s::jsonb, %(delays)s::interval[], %(limit)s::int, make_interval(secs => %(lease)s::float8),
    %(run)s::uuid, %(job)s::text, %(trigger)s::text);

-- name: sweep
-- Chats in which only waiting rows are left: their first one is let go.
select nightshift.{sweep}() as chats;

-- name: next_wake
-- Seconds until something wants attention; null when nothing does.
select extract(epoch from nightshift.{next_wake}() - now())::float8 as seconds;
