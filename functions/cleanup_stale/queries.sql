-- name: fail_stale_replies
-- Replies more than 24 hours past their time are never sent late.
select nightshift.bury_pending_responses(array(
    select id from pending_responses
    where status = 'pending' and greatest(scheduled_at, requeued_at) < now() - interval '24 hours'
    order by scheduled_at limit %(page)s::int for update skip locked),
    'stale: more than 24 hours late') as rows;

-- name: delete_replies
-- Delivered and discarded replies of over 30 days ago.
with gone as (
    delete from pending_responses where id in (
        select id from pending_responses
        where status in ('delivered', 'discarded') and finished_at < now() - interval '30 days'
        limit %(page)s::int)
    returning 1)
select count(*)::int as rows from gone;

-- name: delete_emails
-- Sent, suppressed and discarded emails of over 30 days ago.
with gone as (
    delete from email_queue where id in (
        select id from email_queue
        where status in ('sent', 'suppressed', 'discarded') and finished_at < now() - interval '30 days'
        limit %(page)s::int)
    returning 1)
select count(*)::int as rows from gone;

-- name: delete_webhook_retries
-- Processed and discarded webhook retries of over 30 days ago.
with gone as (
    delete from webhook_retry_queue where id in (
        select id from webhook_retry_queue
        where status in ('processed', 'discarded') and finished_at < now() - interval '30 days'
        limit %(page)s::int)
    returning 1)
select count(*)::int as rows from gone;

-- name: delete_webhook_events
-- Events of over 90 days ago that are done with; Stripe sends none again after 30.
with gone as (
    delete from webhook_events where id in (
        select id from webhook_events
        where status in ('processed', 'ignored') and received_at < now() - interval '90 days'
        limit %(page)s::int)
    returning 1)
select count(*)::int as rows from gone;

-- name: delete_rate_limits
-- Counters whose windows have passed.
with gone as (
    delete from rate_limit_counters where key in (
        select key from rate_limit_counters where expires_at < now() order by expires_at limit %(page)s::int
        for update skip locked)
    returning 1)
select count(*)::int as rows from gone;

-- name: delete_runs
-- Runs of over 30 days ago.
with gone as (
    delete from job_history where id in (
        select id from job_history
        where started_at < now() - interval '30 days' and status <> 'running' limit %(page)s::int)
    returning 1)
select count(*)::int as rows from gone;

-- name: release_chats
-- Chats whose next reply waits for one that another program deleted or changed.
select nightshift.sweep_pending_responses() as rows, %(page)s::int as page;
