-- What the views read, and what has changed since it was brought up to date.

-- Written by triggers in the transaction of the change: it is there if and only if the change is, however late it commits.
-- Sums commute, so no order and no watermark is needed. No index: rows are read once and deleted.
create table nightshift.analytics_changes (
    kind text collate "C" not null,
    bucket text collate "C" not null,
    user_id uuid,
    entries int not null,
    done int not null,
    micros bigint not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);

-- A user's part in a group. `kind` says what the bucket is: a day of events or of study (completed entries alone), a week
-- (its Monday) of nodes of the path or of opened explanations, a track.
create table nightshift.analytics_members (
    kind text collate "C" not null,
    bucket text collate "C" not null,
    user_id uuid not null,
    entries int not null,
    primary key (kind, bucket, user_id)
);
create index analytics_members_days on nightshift.analytics_members (user_id, bucket) where kind in ('events', 'study');

create table nightshift.analytics_groups (
    kind text collate "C" not null,
    bucket text collate "C" not null,
    users int not null,
    entries bigint not null,
    done bigint not null,
    micros bigint not null,
    primary key (kind, bucket)
);
comment on column nightshift.analytics_groups.micros is 'From unlock to completion, of all that are done: microseconds.';

-- Days in a row on which a user studied.
create table nightshift.analytics_streaks (
    user_id uuid not null,
    first_day date not null,
    last_day date not null check (last_day >= first_day),
    primary key (user_id, last_day)
);
create index analytics_streaks_last on nightshift.analytics_streaks (last_day);

create table nightshift.analytics_streak_ends (
    last_day date not null,
    days int not null,
    streaks int not null,
    primary key (last_day, days)
);

create table nightshift.analytics_learners (
    user_id uuid primary key,
    learning_days int not null,
    first_day date,
    last_day date,
    last_active date
);
comment on column nightshift.analytics_learners.last_active is 'The latest day with an event or a completed entry.';

create table nightshift.analytics_refreshes (
    id bigint generated always as identity primary key,
    view_name text not null,
    started_at timestamptz not null,
    duration interval not null,
    rows bigint,
    error text,
    constraint analytics_refreshes_told check ((rows is null) = (error is not null))
);
comment on table nightshift.analytics_refreshes is 'Every refresh of a view. Kept for 30 days: prune-analytics.';
create index analytics_refreshes_view on nightshift.analytics_refreshes (view_name, started_at desc);

create function nightshift.utc_today() returns date language sql stable as $$ select (now() at time zone 'utc')::date $$;
create function nightshift.bucket(p_day date) returns text language sql stable as $$ select to_char(p_day, 'YYYY-MM-DD') $$;
create function nightshift.percent(p_part numeric, p_whole numeric) returns numeric language sql immutable
as $$ select round(100 * p_part / nullif(p_whole, 0), 2) $$;
