create schema nightshift;
comment on schema nightshift is 'Functions that Nightshift itself calls. Other programs use the tables and the functions in public.';

-- Time-ordered ids keep inserts and pages local. PostgreSQL 18 has them built in.
do $$
begin
    if current_setting('server_version_num')::int >= 180000 then
        create function nightshift.uuid7() returns uuid language sql volatile parallel safe
        as 'select pg_catalog.uuidv7()';
    else
        create function nightshift.uuid7() returns uuid language sql volatile parallel safe
        as $shim$
            -- 48 bits of milliseconds, version 7, 12 bits of the fraction of a millisecond, 62 random bits (RFC 9562, method 3)
            select encode(
                substring(int8send(floor(ms)::bigint) from 3)
                || int2send((28672 + floor((ms - floor(ms)) * 4096))::int::smallint)
                || substring(uuid_send(gen_random_uuid()) from 9), 'hex')::uuid
            from (select extract(epoch from clock_timestamp()) * 1000 as ms) clock
        $shim$;
    end if;
end
$$;

create table users (
    id uuid primary key default nightshift.uuid7(),
    telegram_id bigint unique,
    email text,
    phone text,
    display_name text,
    username text,
    relationship_score numeric(5, 2) not null default 50 check (relationship_score between 0 and 100),
    chapter smallint not null default 1 check (chapter between 1 and 5),
    boss_attempts smallint not null default 0 check (boss_attempts between 0 and 3),
    days_played int not null default 0 check (days_played >= 0),
    last_interaction_at timestamptz,
    game_status text not null default 'active' check (game_status in ('active', 'boss_fight', 'game_over', 'won')),
    timezone text not null default 'UTC',
    notifications_enabled boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index users_game_status on users (game_status);

-- One row per run that found work or failed. Retention: 30 days (cleanup-stale).
create table job_history (
    id uuid primary key default nightshift.uuid7(),
    job_name text not null,
    run_key text,
    trigger text not null default 'schedule',
    started_at timestamptz not null default now(),
    completed_at timestamptz,
    status text not null default 'running' check (status in ('running', 'success', 'failed', 'skipped')),
    items_processed int not null default 0,
    items_failed int not null default 0,
    error_message text,
    metadata jsonb not null default '{}',
    check ((status = 'running') = (completed_at is null))
);
comment on table job_history is 'Kept for 30 days; cleanup-stale deletes older rows.';
create index job_history_by_job on job_history (job_name, started_at desc);
create index job_history_running on job_history (job_name, started_at) where status = 'running';
-- A tick is a row: any number of schedulers may fire it, one wins. A failed one may be run again.
create unique index job_history_tick on job_history (job_name, run_key)
    where run_key is not null and status in ('running', 'success');

create table rate_limit_counters (
    key text primary key,
    granted timestamptz[] not null default '{}',
    held_until timestamptz,
    expires_at timestamptz not null
);
comment on table rate_limit_counters is 'The last grants of each limit, newest last: exact in every window. cleanup-stale deletes expired rows.';
create index rate_limit_counters_expiry on rate_limit_counters (expires_at);

create table alert_states (
    cause text primary key,
    raised_at timestamptz not null,
    sent_at timestamptz not null,
    times int not null default 1,
    resolved_at timestamptz
);

create table audit_log (
    id uuid primary key default nightshift.uuid7(),
    at timestamptz not null default now(),
    actor text not null,
    action text not null,
    subject text not null,
    detail jsonb not null default '{}'
);
create index audit_log_subject on audit_log (subject, at desc);

{% include "0001_limits.sql" %}

{% include "0001_runs.sql" %}
