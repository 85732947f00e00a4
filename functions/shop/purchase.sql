-- name: purchase
-- Buy an item for oneself.
select purchase_item_atomic(%(user)s::uuid, %(item)s::uuid, p_idempotency_key => %(key)s::text) as answer;

-- name: gift
-- Give an item to a partner, who stays one until it is given, with what the mail about it says. No row: they are none, and
-- no gift of theirs has this key.
with partnership as materialized (
    select from partnerships
    where least(requester_id, addressee_id) = least(%(sender)s::uuid, %(recipient)s::uuid)
      and greatest(requester_id, addressee_id) = greatest(%(sender)s::uuid, %(recipient)s::uuid)
      and status = 'accepted'
    for share
), two as materialized (
    select s.id as sender, nullif(r.email, '') as email, coalesce(r.display_name, r.username) as name,
        coalesce(r.display_name, r.username, 'your partner') as recipient_name,
        coalesce(s.display_name, s.username, 'Your partner') as sender_name
    from users s left join users r on r.id = %(recipient)s::uuid
    where s.id = %(sender)s::uuid
      and (exists (select from partnership)
           or exists (select from essence_transactions t
                      where t.user_id = %(sender)s::uuid and t.idempotency_key = %(key)s::text))
)
select two.*, bought.answer, bought.repeated
from two cross join lateral nightshift.purchase_item(
    two.sender, %(item)s::uuid, true, %(recipient)s::uuid, %(message)s::text, %(key)s::text) bought;
