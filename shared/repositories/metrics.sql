-- name: get
-- One user's metrics.
select * from user_metrics where user_id = %(key)s::uuid;

-- name: update
-- Add to each, within 0 to 100.
update user_metrics
set intimacy = least(greatest(intimacy + %(intimacy)s::numeric, 0), 100),
    passion = least(greatest(passion + %(passion)s::numeric, 0), 100),
    trust = least(greatest(trust + %(trust)s::numeric, 0), 100),
    secureness = least(greatest(secureness + %(secureness)s::numeric, 0), 100),
    updated_at = now()
where user_id = %(key)s::uuid
returning *;
