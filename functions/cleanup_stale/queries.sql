-- name: fail_stale_replies
-- Replies more than 24 hours past their time are never sent late.
select nightshift.bury_pending_responses(array(
    select id from pending_responses
    where status = 'pending' and greatest(scheduled_at, requeued_at) < now() - interval '24 hours'
    order by scheduled_at limit %(page)s::int for update skip locked),
    'stale: more than 24 hours late') as rows;

-- name: delete
-- Rows of one table that are past their keeping, the oldest first. What somebody holds is looked at again by the next
-- run: a requeue or a renewal that is under way is neither waited for nor undone. An array is found once, however the
-- rest is planned; a subquery that is run again would lock, and delete, a further page.
with gone as (
    delete from {table} where {key} = any(array(
        select {key} from {table} where {among} and {since} < now() - {time}::interval
        order by {since} limit %(page)s::int for update skip locked))
    returning 1)
select count(*)::int as rows from gone;

-- name: release_chats
-- Chats whose next reply waits for one that another program deleted or changed.
select nightshift.sweep_pending_responses() as rows, %(page)s::int as page;

-- name: rest_silent_devices
-- Devices without a sign of life for 270 days.
select nightshift.rest_silent_devices(%(page)s::int) as rows;

-- name: delete_invalid_devices
-- Devices whose providers have said for 90 days that nobody is there.
select nightshift.delete_invalid_devices(%(page)s::int) as rows;

-- name: delete_inactive_devices
-- Devices that have rested for 180 days, where their users have another one.
select nightshift.delete_inactive_devices(%(page)s::int) as rows;
