-- name: send
-- Ask for a partnership. The other's own request is accepted by that; one that this user declined makes way for theirs.
-- No row: there is something else between the two.
insert into partnerships as p (requester_id, addressee_id) values (%(user)s::uuid, %(other)s::uuid)
on conflict (least(requester_id, addressee_id), greatest(requester_id, addressee_id)) do update
set status = case p.status when 'pending' then 'accepted' else 'pending' end,
    responded_at = case p.status when 'pending' then now() end,
    created_at = case p.status when 'pending' then p.created_at else now() end,
    requester_id = case p.status when 'pending' then p.requester_id else excluded.requester_id end,
    addressee_id = case p.status when 'pending' then p.addressee_id else excluded.addressee_id end
where p.addressee_id = excluded.requester_id and p.status in ('pending', 'declined')
returning id, requester_id, addressee_id, status, created_at as requested_at, responded_at;

-- name: asked
-- Who asked this user by a request.
select requester_id from partnerships where id = %(id)s::uuid and addressee_id = %(user)s::uuid;

-- name: respond
-- Answer a request. No row: it has another answer.
update partnerships
set status = case when %(accept)s::boolean then 'accepted' else 'declined' end, responded_at = coalesce(responded_at, now())
where id = %(id)s::uuid and addressee_id = %(user)s::uuid
  and status in ('pending', case when %(accept)s::boolean then 'accepted' else 'declined' end)
returning id, requester_id, addressee_id, status, created_at as requested_at, responded_at;

-- name: remove
-- End what is between two users; what was declined stays so, or who asked could ask again and again.
delete from partnerships
where least(requester_id, addressee_id) = least(%(user)s::uuid, %(other)s::uuid)
  and greatest(requester_id, addressee_id) = greatest(%(user)s::uuid, %(other)s::uuid)
  and status in ('pending', 'accepted')
returning id;
