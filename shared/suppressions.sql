-- name: page
-- Addresses that get no mail, the newest entries first.
select id, address, reason, source, provider_message_id, detail, created_at
from email_suppressions
where (%(reason)s::text is null or reason = %(reason)s::text)
  and (%(before)s::uuid is null or id < %(before)s::uuid)
order by id desc
limit %(limit)s::int;

-- name: of
-- The entry of one address.
select id, address, reason, source, provider_message_id, detail, created_at
from email_suppressions where address = %(address)s::text;

-- name: one
-- One entry.
select id, address, reason, source, provider_message_id, detail, created_at
from email_suppressions where id = %(id)s::uuid;

-- name: add
-- Put an address on the list; the act is recorded. An entry that is there already stays as it is.
select id, added from nightshift.suppress_by_hand(%(address)s::text, %(masked)s::text, %(actor)s::text);

-- name: remove
-- Take an entry from the list; the act is recorded.
with gone as (
    delete from email_suppressions where id = %(id)s::uuid returning id, reason
)
insert into audit_log (actor, action, subject, detail)
select %(actor)s::text, 'unsuppress', 'email_suppressions/' || gone.id,
    jsonb_build_object('address', %(masked)s::text, 'reason', gone.reason)
from gone
returning subject;
