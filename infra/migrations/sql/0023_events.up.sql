-- Events, by month. An existing table of this name stays as it is, without partitions.
do $$
begin
    if to_regclass('public.session_analytics_events') is not null then
        alter table public.session_analytics_events add column if not exists client_event_id text;
        return;
    end if;
    create table public.session_analytics_events (
        id uuid not null default nightshift.uuid7(),
        user_id uuid not null references public.users on delete cascade,
        session_id text not null check (char_length(session_id) between 1 and 200),
        event_type text not null check (char_length(event_type) between 1 and 100),
        metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
        created_at timestamptz not null default now() check (created_at between '2000-01-01' and '2999-12-31'),
        client_event_id text check (char_length(client_event_id) between 1 and 200),
        primary key (id, created_at)
    ) partition by range (created_at);
    comment on table public.session_analytics_events is
        'Made by Nightshift. What happened in a session. Kept for one year: prune-analytics.';
    create index session_analytics_events_created on public.session_analytics_events (created_at);
    create index session_analytics_events_user on public.session_analytics_events (user_id, created_at);
    create table nightshift.session_analytics_events_default partition of public.session_analytics_events default;
    alter table nightshift.session_analytics_events_default enable row level security;
end
$$;
comment on column session_analytics_events.client_event_id is
    'The client''s own name of the event. A second one of the same user within 30 days is passed over.';

-- An index over all partitions cannot be unique by this alone, so the names that were taken stand here.
create table nightshift.analytics_event_keys (
    user_id uuid not null references users on delete cascade,
    client_event_id text not null,
    received_at timestamptz not null default now(),
    primary key (user_id, client_event_id)
);
create index analytics_event_keys_received on nightshift.analytics_event_keys (received_at);

create function nightshift.pass_over_known_event() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    insert into nightshift.analytics_event_keys (user_id, client_event_id)
    values (new.user_id, new.client_event_id) on conflict do nothing;
    return case when found then new end;
end
$$;
create trigger pass_over_known_event before insert on session_analytics_events
for each row when (new.client_event_id is not null and new.user_id is not null)
execute function nightshift.pass_over_known_event();

-- The months from one to another, each made beside the table and then attached: writers wait for a moment at most. A month
-- that the default partition has events of already stays there. Answers how many were made: none where somebody was in the
-- way, so that it is to be tried again.
create function nightshift.make_event_months(p_first date, p_last date) returns int
language plpgsql security definer set search_path = '' set lock_timeout = '25ms' as $$
declare
    parent constant text := 'public.session_analytics_events';
    kept constant text := 'nightshift.session_analytics_events_default';
    v_month timestamp;
    v_name text;
    v_made int := 0;
    v_used boolean;
begin
    if to_regclass(kept) is null or pg_relation_size(kept::regclass) > 64 * 1024 * 1024 then
        return 0;
    end if;
    for v_month in select generate_series(date_trunc('month', p_first::timestamp), p_last::timestamp, '1 month') loop
        v_name := 'nightshift.session_analytics_events_' || to_char(v_month, 'YYYY_MM');
        continue when to_regclass(v_name) is not null;
        execute format('select exists (select from %s where created_at >= $1 and created_at < $2)', kept)
            into v_used using v_month at time zone 'utc', (v_month + interval '1 month') at time zone 'utc';
        continue when v_used;
        execute format('create table %s (like %s including all)', v_name, parent);
        execute format('alter table %s enable row level security', v_name);
        execute format('alter table %s attach partition %s for values from (%L) to (%L)', parent, v_name,
            v_month at time zone 'utc', (v_month + interval '1 month') at time zone 'utc');
        v_made := v_made + 1;
    end loop;
    return v_made;
exception when lock_not_available then
    return 0;
end
$$;
