-- name: purchase
-- Buy an item, for oneself or as a gift; `repeated`: the key had it before.
select answer, repeated from nightshift.purchase_item(
    %(user)s::uuid, %(item)s::uuid, %(gift)s::boolean, %(recipient)s::uuid, %(message)s::text, %(key)s::text);

-- name: between
-- What a gift's mail says of two partners, who stay partners until it is given. No row: they are none, and no gift of
-- theirs has this key.
with partnership as materialized (
    select from partnerships
    where least(requester_id, addressee_id) = least(%(sender)s::uuid, %(recipient)s::uuid)
      and greatest(requester_id, addressee_id) = greatest(%(sender)s::uuid, %(recipient)s::uuid)
      and status = 'accepted'
    for share
)
select nullif(r.email, '') as email, coalesce(r.display_name, r.username) as name,
    coalesce(r.display_name, r.username, 'your partner') as recipient_name,
    coalesce(s.display_name, s.username, 'Your partner') as sender_name
from users s left join users r on r.id = %(recipient)s::uuid
where s.id = %(sender)s::uuid
  and (exists (select from partnership)
       or exists (select from essence_transactions t
                  where t.user_id = %(sender)s::uuid and t.idempotency_key = %(key)s::text));
