-- name: get
-- A preference.
select * from user_vice_preferences where id = %(key)s::uuid;

-- name: get_active
-- A user's preferences, the strongest first.
select * from user_vice_preferences where user_id = %(user_id)s::uuid
order by intensity_level desc, engagement_score desc, discovered_at, id;

-- name: create
-- A preference of the least intensity. No row: it is known.
insert into user_vice_preferences (user_id, category) values (%(user_id)s::uuid, %(category)s::text)
on conflict (user_id, category) do nothing
returning *;

-- name: update
-- Add to the intensity, within 1 to 5.
update user_vice_preferences
set intensity_level = least(greatest(intensity_level + %(delta)s::bigint, 1), 5), updated_at = now()
where id = %(key)s::uuid
returning *;

-- name: delete
-- Forget a preference.
delete from user_vice_preferences where id = %(key)s::uuid returning id;
