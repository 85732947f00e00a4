-- name: take
-- Keep a new event and apply it, in one call. Answers what became of it; null if another call is recording it right now.
select nightshift.take_stripe_event(
    %(event_id)s::text, %(event_type)s::text, %(api_version)s::text, %(object_id)s::text, %(livemode)s::boolean,
    %(event_created)s::timestamptz, %(raw_body)s::text, %(family)s::text, %(facts)s::jsonb, %(mail)s::jsonb) as verdict;

-- name: take_all
-- The same for several events at once, in their order. One that waits for a lock for too long is left open.
select nightshift.take_stripe_events(%(events)s::json) as verdicts;

-- name: record
-- Keep an event once. Answers its status, and whether it is new; nothing if another call is recording it right now.
with recorded as (
    insert into webhook_events
        (event_id, event_type, api_version, object_id, livemode, event_created, raw_body, status, processed_at)
    values (
        %(event_id)s::text, %(event_type)s::text, %(api_version)s::text, %(object_id)s::text, %(livemode)s::boolean,
        %(event_created)s::timestamptz, %(raw_body)s::text, %(status)s::text,
        case when %(status)s::text = 'ignored' then now() end)
    on conflict (provider, event_id) do nothing
    returning status
)
select status, true as new from recorded
union all
select e.status, false from webhook_events e
where e.provider = 'stripe' and e.event_id = %(event_id)s::text and not exists (select from recorded);

-- name: apply
-- Everything that a recorded event asks for, in one call.
select verdict, notice, order_id from nightshift.apply_stripe_event(%(event_id)s::text, %(family)s::text, %(facts)s::jsonb);

-- name: queue
-- Put an event whose processing failed into the retry queue, once; one that was processed meanwhile stays out of it.
with failed as (
    update webhook_events e set status = 'failed', error = %(error)s::text
    where e.provider = 'stripe' and e.event_id = %(event_id)s::text and e.status in ('received', 'failed')
    returning e.event_id, e.event_type, e.raw_body
)
insert into webhook_retry_queue (webhook_type, webhook_event_id, payload, metadata, next_retry_at, last_error)
select 'stripe', failed.event_id, nightshift.safe_json(failed.raw_body), jsonb_build_object('event_type', failed.event_type),
       now() + nightshift.retry_delay('webhook_retry_queue', 1, %(delays)s::interval[]), %(error)s::text
from failed
on conflict (webhook_type, webhook_event_id) do nothing;

-- name: adopt
-- Queue the events that were recorded over a minute ago and never processed: their process died in between.
with orphans as (
    select e.id from webhook_events e
    where e.status = 'received' and e.received_at < now() - interval '1 minute'
    order by e.received_at limit %(page)s::int for update skip locked
), adopted as (
    update webhook_events e set status = 'failed', error = 'never processed'
    from orphans where e.id = orphans.id
    returning e.provider, e.event_id, e.event_type, e.raw_body
), queued as (
    insert into webhook_retry_queue (webhook_type, webhook_event_id, payload, metadata)
    select a.provider, a.event_id, nightshift.safe_json(a.raw_body), jsonb_build_object('event_type', a.event_type)
    from adopted a
    on conflict (webhook_type, webhook_event_id) do nothing
    returning 1
)
select count(*)::int as adopted from queued;

-- name: bodies
-- Recorded events as they were sent.
select e.event_id, e.raw_body, e.status in ('processed', 'ignored') as done from webhook_events e
where e.provider = 'stripe' and e.event_id = any (%(event_ids)s::text[]);

-- name: unknown
-- Which of these events were never recorded.
select asked.event_id from unnest(%(event_ids)s::text[]) as asked(event_id)
where not exists (select from webhook_events e where e.provider = 'stripe' and e.event_id = asked.event_id);

-- name: order_mail
-- What a mail about an order says.
select o.id, coalesce(nullif(o.email, ''), nullif(u.email, '')) as email, coalesce(u.display_name, u.username) as name, o.essence,
       o.amount_total as amount, o.currency
from orders o left join users u on u.id = o.user_id
where o.id = %(order_id)s::uuid;
