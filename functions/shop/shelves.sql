-- name: items
-- A page of items for sale, the newest first: ids are in the order of time.
select id, name, description, category, rarity, image_url, essence_cost, tier from items
where is_available and is_purchasable
  and (%(category)s::text is null or category = %(category)s::text)
  and (%(before)s::uuid is null or id < %(before)s::uuid)
order by id desc limit %(limit)s::int;

-- name: inventory
-- A page of a user's items, the newest first.
select u.id, u.item_id, i.name, i.description, i.category, i.rarity, i.image_url, i.tier, u.acquired_at, u.acquisition_type,
    u.gifted_by, coalesce(g.display_name, g.username) as gifted_by_name, u.gift_message, u.gift_seen
from user_items u
join items i on i.id = u.item_id
left join users g on g.id = u.gifted_by
where u.user_id = %(user)s::uuid
  and (not %(unseen)s::boolean or (u.acquisition_type = 'gift' and not u.gift_seen))
  and (%(before_at)s::timestamptz is null
       or (u.acquired_at, u.id) < (%(before_at)s::timestamptz, %(before_id)s::uuid))
order by u.acquired_at desc, u.id desc
limit %(limit)s::int;

-- name: purse
-- A user's essence; all zero for who never had any.
select coalesce(max(balance), 0) as balance, coalesce(max(total_earned), 0) as total_earned,
    coalesce(max(total_spent), 0) as total_spent
from furniture_essence where user_id = %(user)s::uuid;

-- name: ledger
-- A page of what was added to a user's essence and taken from it, the newest first.
select id, amount, transaction_type, description, related_item_id, created_at from essence_transactions
where user_id = %(user)s::uuid
  and (%(before_at)s::timestamptz is null
       or (created_at, id) < (%(before_at)s::timestamptz, %(before_id)s::uuid))
order by created_at desc, id desc
limit %(limit)s::int;

-- name: seen
-- Mark gifts of a user as looked at: those named, or all.
update user_items set gift_seen = true
where user_id = %(user)s::uuid and acquisition_type = 'gift' and not gift_seen
  and (%(ids)s::uuid[] is null or id = any (%(ids)s::uuid[]))
returning id;
