-- name: accepted
-- The ids of a user's partners.
select addressee_id from partnerships where requester_id = %(user)s::uuid and status = 'accepted'
union all
select requester_id from partnerships where addressee_id = %(user)s::uuid and status = 'accepted';
