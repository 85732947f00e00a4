-- name: page
-- Events of providers, newest first. It looks at no more than %(look)s of them and says where it stopped looking.
with seen as (
    select id, provider, event_type, status, object_id
    from webhook_events
    where (%(before)s::uuid is null or id < %(before)s::uuid)
    order by id desc limit %(look)s::int
), found as (
    select id from seen
    where (%(provider)s::text is null or provider = %(provider)s::text)
      and (%(type)s::text is null or event_type = %(type)s::text)
      and (%(status)s::text is null or status = %(status)s::text)
    order by id desc limit %(limit)s::int
)
select e.id, e.provider, e.event_id, e.event_type, e.object_id, e.livemode, e.status, e.error, e.event_created, e.received_at,
    e.processed_at, (select min(s.id::text)::uuid from seen s) as looked_until, (select count(*)::int from seen) as looked_at
from (select) as always
left join webhook_events e on e.id = any (array(select id from found))
order by e.id desc;

-- name: open
-- Events that are not processed yet, newest first.
select id, provider, event_id, event_type, object_id, livemode, status, error, event_created, received_at, processed_at
from webhook_events
where status in ('received', 'failed')
  and (%(status)s::text is null or status = %(status)s::text)
  and (%(provider)s::text is null or provider = %(provider)s::text)
  and (%(type)s::text is null or event_type = %(type)s::text)
  and (%(before)s::uuid is null or id < %(before)s::uuid)
order by id desc
limit %(limit)s::int;

-- name: by_name
-- Events by the provider's id of the event, or of what it is about.
select id, provider, event_id, event_type, object_id, livemode, status, error, event_created, received_at, processed_at
from webhook_events
where id = any (array(
    select id from webhook_events where provider = any ('{stripe,ses,resend}') and event_id = %(name)s::text
    union
    (select id from webhook_events where object_id = %(name)s::text order by event_created desc limit %(limit)s::int)))
  and (%(provider)s::text is null or provider = %(provider)s::text)
  and (%(type)s::text is null or event_type = %(type)s::text)
  and (%(status)s::text is null or status = %(status)s::text)
order by id desc
limit %(limit)s::int;

-- name: one
-- One event, and its row in the retry queue if it has one.
select e.id, e.provider, e.event_id, e.event_type, e.api_version, e.object_id, e.livemode, e.status, e.error, e.event_created,
    e.received_at, e.processed_at, e.raw_body, r.id as retry_id, r.status as retry_status
from webhook_events e
left join webhook_retry_queue r on r.webhook_event_id collate "C" = e.event_id and r.webhook_type collate "C" = e.provider
where e.id = %(id)s::uuid;

-- name: redeliver
-- Process an event again through the retry queue; the act is recorded. One that waits there is made due now.
select nightshift.redeliver(%(id)s::uuid, %(actor)s::text) as retry_id;
