-- name: devices
-- Where rows go, and by whose clock that was so.
select id, user_id, address_kind, push_token, status, now() as asked_at
from user_devices where id = any (%(ids)s::uuid[]);

-- name: keep_tickets
-- Messages that Expo took; a ticket of a device that is gone by now is of no use.
insert into push_receipts (ticket, device_id, sent_at)
select t.ticket, t.device, t.at
from jsonb_to_recordset(%(tickets)s::jsonb) as t (ticket text, device uuid, at timestamptz)
join user_devices d on d.id = t.device
on conflict (ticket) do nothing;

-- name: reached
-- Devices that took a message.
select update_device_last_successful_send(s.device, s.at)
from jsonb_to_recordset(%(sent)s::jsonb) as s (device uuid, at timestamptz);

-- name: invalid
-- Devices that are gone, unless their apps have registered them again since.
select count(*) filter (where mark_device_invalid(s.device, s.at))::int as rows
from jsonb_to_recordset(%(sent)s::jsonb) as s (device uuid, at timestamptz);

-- name: due_tickets
-- Receipts to look at now, for nobody else until a quarter of an hour from now. Expo keeps them for about a day.
with old as (
    delete from push_receipts where ticket = any (array(
        select ticket from push_receipts where look_at <= now() and sent_at < now() - interval '1 day'
        order by look_at limit %(limit)s::int for update skip locked)))
update push_receipts set look_at = now() + interval '15 minutes'
where ticket = any (array(
    select ticket from push_receipts where look_at <= now() and sent_at >= now() - interval '1 day'
    order by look_at limit %(limit)s::int for update skip locked))
returning ticket, device_id, sent_at;

-- name: forget_tickets
-- Receipts that were read.
delete from push_receipts where ticket = any (%(tickets)s::text[]);
