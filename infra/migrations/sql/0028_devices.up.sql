-- A device is its push token. One that comes back under another user has changed hands: the row is theirs then.
create table user_devices (
    id uuid primary key default nightshift.uuid7(),
    user_id uuid not null references users on delete cascade,
    platform text not null check (platform in ('ios', 'android', 'web')),
    address_kind text not null check (address_kind in ('expo', 'registration_token', 'installation_id')),
    push_token text not null unique check (octet_length(push_token) between 1 and 2048),
    status text not null default 'active' check (status in ('active', 'inactive', 'invalid')),
    status_since timestamptz not null default now(),
    app_version text check (length(app_version) between 1 and 64),
    last_seen_at timestamptz not null default now(),
    last_successful_send_at timestamptz,
    created_at timestamptz not null default now()
);
comment on column user_devices.address_kind is 'What the token is: Expo''s push token, or FCM''s registration token or installation id.';
comment on column user_devices.status is 'inactive: no sign of life for long. invalid: its provider says that nobody is there.';
comment on column user_devices.last_seen_at is 'When its app registered it last.';
comment on column user_devices.created_at is 'When its present user registered it first.';
create index user_devices_user on user_devices (user_id, platform);
create index user_devices_signs on user_devices (greatest(last_seen_at, last_successful_send_at)) where status = 'active';
create index user_devices_inactive on user_devices (status_since) where status = 'inactive';
create index user_devices_invalid on user_devices (status_since) where status = 'invalid';

-- A provider says that nobody is at this token, of a message that went out at p_sent_at. True: the device gets no more. An app
-- that has registered it again since then knows better.
create function mark_device_invalid(p_device_id uuid, p_sent_at timestamptz default now()) returns boolean
language sql as $$
    with marked as (
        update user_devices set status = 'invalid', status_since = now()
        where id = p_device_id and status <> 'invalid' and last_seen_at <= p_sent_at
        returning 1)
    select exists (select from marked)
$$;

-- A provider took a message that went out at p_sent_at. False: the device has changed hands since then, or is gone.
create function update_device_last_successful_send(p_device_id uuid, p_sent_at timestamptz default now()) returns boolean
language sql as $$
    with sent as (
        update user_devices set last_successful_send_at = greatest(last_successful_send_at, p_sent_at)
        where id = p_device_id and created_at <= p_sent_at
        returning 1)
    select exists (select from sent)
$$;

-- The three rules of a device's old age, a page of the oldest each. What somebody holds is left to the next run.
create function nightshift.rest_silent_devices(p_page int) returns int
language sql as $$
    with silent as (
        update user_devices set status = 'inactive', status_since = now()
        where id = any (array(
            select id from user_devices
            where status = 'active' and greatest(last_seen_at, last_successful_send_at) < now() - interval '270 days'
            order by greatest(last_seen_at, last_successful_send_at) limit p_page for update skip locked))
        returning 1)
    select count(*)::int from silent
$$;

create function nightshift.delete_invalid_devices(p_page int) returns int
language sql as $$
    with gone as (
        delete from user_devices where id = any (array(
            select id from user_devices where status = 'invalid' and status_since < now() - interval '90 days'
            order by status_since limit p_page for update skip locked))
        returning 1)
    select count(*)::int from gone
$$;

-- The only device of a user on its platform stays, however long it rests: it may come back, and is known then.
create function nightshift.delete_inactive_devices(p_page int) returns int
language sql as $$
    with gone as (
        delete from user_devices where id = any (array(
            select d.id from user_devices d
            where d.status = 'inactive' and d.status_since < now() - interval '180 days'
              and exists (
                select from user_devices o
                where o.user_id = d.user_id and o.platform = d.platform and o.status = 'active')
            order by d.status_since limit p_page for update skip locked))
        returning 1)
    select count(*)::int from gone
$$;

-- A page by each rule; answers how many devices each was about. Silent ones rest first: they keep no other alive.
create function cleanup_inactive_devices(
    p_page int default 1000, out made_inactive int, out invalid_deleted int, out inactive_deleted int)
language plpgsql as $$
begin
    made_inactive := nightshift.rest_silent_devices(p_page);
    invalid_deleted := nightshift.delete_invalid_devices(p_page);
    inactive_deleted := nightshift.delete_inactive_devices(p_page);
end
$$;

{% set ours = "mark_device_invalid(uuid, timestamptz), update_device_last_successful_send(uuid, timestamptz),
    cleanup_inactive_devices(int)" %}
revoke execute on function {{ ours }} from public, anon, authenticated;
grant execute on function {{ ours }} to service_role;
