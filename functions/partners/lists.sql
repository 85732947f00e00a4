-- name: page
-- A page of what is between a user and others, the newest first, with the other's name.
with found as (
    (select id, created_at, responded_at, requester_id as partner, 'incoming' as direction from partnerships
     where addressee_id = %(user)s::uuid and status = %(status)s::text
       and coalesce(%(direction)s::text, 'incoming') = 'incoming'
       and (%(before_at)s::timestamptz is null
            or (created_at, id) < (%(before_at)s::timestamptz, %(before_id)s::uuid))
     order by created_at desc, id desc limit %(limit)s::int)
    union all
    (select id, created_at, responded_at, addressee_id, 'outgoing' from partnerships
     where requester_id = %(user)s::uuid and status = %(status)s::text
       and coalesce(%(direction)s::text, 'outgoing') = 'outgoing'
       and (%(before_at)s::timestamptz is null
            or (created_at, id) < (%(before_at)s::timestamptz, %(before_id)s::uuid))
     order by created_at desc, id desc limit %(limit)s::int)
)
select f.id, f.partner as user_id, u.display_name, u.username, f.direction, f.created_at as requested_at, f.responded_at
from found f join users u on u.id = f.partner
order by f.created_at desc, f.id desc
limit %(limit)s::int;
