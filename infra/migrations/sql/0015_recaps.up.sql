-- The nightly recaps: who still waits for which day's, what Claude has been paid for them, when Claude may be asked again.

-- One message batch. Its row is written before Claude is asked to make it, so that no user of it is asked for twice,
-- whatever happens in between; until Claude's answer is known, batch_id is null.
create table recap_batches (
    id uuid primary key,
    batch_id text unique check (batch_id <> ''),
    made_at timestamptz not null default now(),
    created_at timestamptz,
    next_look_at timestamptz not null,
    failures int not null default 0 check (failures >= 0),
    last_error text,
    locked_by uuid,
    locked_until timestamptz,
    finished_at timestamptz,
    constraint recap_batches_known check ((batch_id is null) = (created_at is null)),
    constraint recap_batches_lease check ((locked_by is null) = (locked_until is null)),
    constraint recap_batches_finished check (finished_at is null or locked_by is null)
);
comment on column recap_batches.id is 'Ours; with a row''s place it is the name by which a result is found again.';
comment on column recap_batches.created_at is 'As Claude has it.';
create index recap_batches_look on recap_batches (coalesce(locked_until, next_look_at)) where finished_at is null;

-- A recap that is still to be written. The row goes with the statement that inserts the summary.
create table recap_work (
    user_id uuid not null references users on delete cascade,
    summary_date date not null,
    created_at timestamptz not null default now(),
    next_at timestamptz not null default now(),
    locked_by uuid,
    locked_until timestamptz,
    batch uuid references recap_batches,
    place int check (place >= 0),
    attempts smallint not null default 0 check (attempts >= 0),
    doubts smallint not null default 0 check (doubts >= 0),
    reserved_usd numeric(16, 8) not null default 0 check (reserved_usd >= 0),
    reserved_on date,
    last_error text,
    primary key (user_id, summary_date),
    constraint recap_work_lease check ((locked_by is null) = (locked_until is null)),
    constraint recap_work_batch check ((batch is null) = (place is null)),
    constraint recap_work_reserved check (reserved_usd = 0 or reserved_on is not null)
);
comment on column recap_work.attempts is 'That failed and were this row''s own fault, or ended with their run.';
comment on column recap_work.doubts is 'Times that Claude was asked and no answer came: each may have been billed.';
comment on column recap_work.reserved_usd is 'Held back of the budget of the day reserved_on, until it is known what was spent.';
create index recap_work_due on recap_work (coalesce(locked_until, next_at), user_id) where batch is null;
create index recap_work_old on recap_work (created_at) where batch is null;
create unique index recap_work_place on recap_work (batch, place) where batch is not null;

create table recap_spend (
    day date primary key,
    cost_usd numeric(16, 8) not null default 0 check (cost_usd >= 0),
    reserved_usd numeric(16, 8) not null default 0 check (reserved_usd >= 0),
    calls int not null default 0,
    input_tokens bigint not null default 0,
    output_tokens bigint not null default 0,
    cache_creation_input_tokens bigint not null default 0,
    cache_read_input_tokens bigint not null default 0
);
comment on column recap_spend.day is 'UTC.';

-- The one way to Claude: until when nobody is asked, and why; how often in a row it was down; which hour was planned last.
create table recap_channel (
    one boolean primary key default true check (one),
    held_until timestamptz,
    why text,
    failures int not null default 0 check (failures >= 0),
    planned_at timestamptz
);
insert into recap_channel default values;

-- Players by their time zone, whose game is on.
create index users_recaps on users (timezone, id) include (created_at) where game_status in ('active', 'boss_fight');

{% include "0015_plan.sql" %}

{% include "0015_facts.sql" %}

{% include "0015_claim.sql" %}

{% include "0015_write.sql" %}

{% include "0015_batches.sql" %}

revoke execute on all functions in schema nightshift from public, anon, authenticated;
grant execute on all functions in schema nightshift to service_role;
grant execute on function nightshift.uuid7() to authenticated;
