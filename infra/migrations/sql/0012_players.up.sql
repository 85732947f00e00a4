-- No time zone, no local day: one wrong name would stop the recap of everybody.
create function nightshift.is_timezone(p_name text) returns boolean
language plpgsql stable as $$
begin
    perform now() at time zone p_name;
    return true;
exception when invalid_parameter_value then
    return false;
end
$$;

-- A trigger and not a check: a check would be computed for each user whom the nightly work updates.
create function nightshift.refuse_unknown_timezone() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if not nightshift.is_timezone(new.timezone) then
        raise check_violation using message = 'users.timezone is no time zone that the server knows';
    end if;
    return new;
end
$$;

update users set timezone = 'UTC' where timezone <> 'UTC' and not nightshift.is_timezone(timezone);
create trigger users_timezone before insert or update of timezone on users
    for each row when (new.timezone <> 'UTC') execute function nightshift.refuse_unknown_timezone();
alter table users
    add constraint users_email_length check (length(email) between 3 and 320),
    add constraint users_phone_length check (length(phone) <= 32),
    add constraint users_display_name_length check (length(display_name) <= 200),
    add constraint users_username_length check (length(username) <= 64);
create index users_email on users (lower(email)) where email is not null;

create table user_metrics (
    user_id uuid primary key references users on delete cascade,
    intimacy numeric(5, 2) not null default 50 check (intimacy between 0 and 100),
    passion numeric(5, 2) not null default 50 check (passion between 0 and 100),
    trust numeric(5, 2) not null default 50 check (trust between 0 and 100),
    secureness numeric(5, 2) not null default 50 check (secureness between 0 and 100),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table user_vice_preferences (
    id uuid primary key default nightshift.uuid7(),
    user_id uuid not null references users on delete cascade,
    category text not null check (length(category) between 1 and 64),
    intensity_level smallint not null default 1 check (intensity_level between 1 and 5),
    engagement_score numeric(5, 2) not null default 0 check (engagement_score between 0 and 100),
    discovered_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (user_id, category)
);

{% include "0012_conversations.sql" %}

{% include "0012_scores.sql" %}

create table daily_summaries (
    id uuid primary key default nightshift.uuid7(),
    user_id uuid not null references users on delete cascade,
    summary_date date not null,
    score_start numeric(5, 2) not null check (score_start between 0 and 100),
    score_end numeric(5, 2) not null check (score_end between 0 and 100),
    decay_applied numeric(5, 2) not null default 0 check (decay_applied >= 0),
    conversations_count int not null default 0 check (conversations_count >= 0),
    recap text not null check (recap <> ''),
    key_events jsonb not null default '[]' check (jsonb_typeof(key_events) = 'array'),
    written_by text not null check (written_by in ('claude', 'template')),
    model text,
    batch_id text,
    input_tokens int not null default 0 check (input_tokens >= 0),
    output_tokens int not null default 0 check (output_tokens >= 0),
    cost_usd numeric(12, 6) not null default 0 check (cost_usd >= 0),
    created_at timestamptz not null default now(),
    unique (user_id, summary_date),
    constraint daily_summaries_model check ((written_by = 'claude') = (model is not null)),
    constraint daily_summaries_batch check (batch_id is null or written_by = 'claude')
);
comment on column daily_summaries.summary_date is 'A day of the user''s own time zone.';
comment on column daily_summaries.decay_applied is 'Points that were taken that day: never negative.';
comment on column daily_summaries.batch_id is 'The message batch that it came with; null for a call of its own.';
-- What was spent on a day is summed to keep the budget.
create index daily_summaries_spent on daily_summaries (created_at) include (cost_usd) where written_by = 'claude';

{% include "0012_embeddings.sql" %}

create table pending_registrations (
    telegram_id bigint primary key,
    email varchar(255) not null check (length(email) >= 3),
    expires_at timestamptz not null default now() + interval '10 minutes',
    created_at timestamptz not null default now(),
    constraint pending_registrations_life check (expires_at > created_at)
);
create index pending_registrations_expiry on pending_registrations (expires_at);

-- Answers how many went.
create function nightshift.delete_expired_registrations() returns int
language sql as $$
    with gone as (delete from pending_registrations where expires_at <= now() returning 1)
    select count(*)::int from gone
$$;

revoke execute on all functions in schema nightshift from public;
