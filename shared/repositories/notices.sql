-- name: take
-- Remember a notice once, and with it send no more mail to those whom it is a reason for. No row: it was told before.
with told as (
    insert into webhook_events (provider, event_id, event_type, object_id, event_created, raw_body, status, processed_at)
    values (%(provider)s::text, %(id)s::text, %(kind)s::text, %(message_id)s::text, %(at)s::timestamptz, %(raw)s::text,
            'processed', now())
    on conflict (provider, event_id) do nothing
    returning event_id, event_type
)
select array(
    select nightshift.suppress(
        %(addresses)s::text[], %(reason)s::text, %(provider)s::text, %(message_id)s::text,
        jsonb_build_object('event_id', told.event_id, 'event_type', told.event_type))) as suppressed
from told;

-- name: known
-- Whether a notice was told before.
select true as known from webhook_events where provider = %(provider)s::text and event_id = %(id)s::text;
