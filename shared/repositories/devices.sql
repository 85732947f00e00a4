-- name: create
-- The device of a token, seen just now. One that was another user's begins anew as this one's.
insert into user_devices as d (user_id, platform, address_kind, push_token, app_version)
values (%(user_id)s::uuid, %(platform)s::text, %(address_kind)s::text, %(push_token)s::text, %(app_version)s::text)
on conflict (push_token) do update
set user_id = excluded.user_id, platform = excluded.platform, address_kind = excluded.address_kind,
    app_version = excluded.app_version, status = 'active', last_seen_at = now(),
    status_since = case when d.status = 'active' and d.user_id = excluded.user_id then d.status_since else now() end,
    last_successful_send_at = case when d.user_id = excluded.user_id then d.last_successful_send_at end,
    created_at = case when d.user_id = excluded.user_id then d.created_at else now() end
returning *, created_at = now() as new;

-- name: of
-- A user's devices.
select *, false as new from user_devices where user_id = %(user_id)s::uuid order by last_seen_at desc, id desc;

-- name: forget
-- A device of a user's goes.
delete from user_devices where id = %(key)s::uuid and user_id = %(user_id)s::uuid returning id;
