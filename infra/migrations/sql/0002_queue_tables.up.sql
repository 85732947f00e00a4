-- One row a queue: its ladder of delays (REPLY_RETRY_DELAYS and its siblings override it for one deployment), whether
-- somebody paused it, and what is known of its way out (the breaker).
create table queues (
    name text primary key check (name in ('pending_responses', 'email_queue', 'webhook_retry_queue')),
    retry_delays interval[] not null check (cardinality(retry_delays) > 0),
    paused_at timestamptz,
    paused_by text,
    failures int not null default 0 check (failures >= 0),
    opened_at timestamptz,
    probe_at timestamptz,
    probe_wait interval not null default '2 seconds',
    last_success_at timestamptz,
    last_error text,
    check ((opened_at is null) = (probe_at is null))
) with (fillfactor = 50);
insert into queues (name, retry_delays) values
    ('pending_responses', '{2 minutes, 4 minutes, 8 minutes}'),
    -- An email's fifth delay is for rows whose max_attempts is raised; a webhook's first one passes before its first attempt.
    ('email_queue', '{1 second, 5 seconds, 30 seconds, 5 minutes, 30 minutes}'),
    ('webhook_retry_queue', '{1 minute, 5 minutes, 30 minutes, 2 hours, 24 hours}');

create table pending_responses (
    id uuid primary key default nightshift.uuid7(),
    user_id uuid not null references users on delete cascade,
    telegram_chat_id bigint not null,
    response_text text not null check (response_text <> ''),
    scheduled_at timestamptz not null default now(),
    next_attempt_at timestamptz,
    retry_count smallint not null default 0 check (retry_count >= 0),
    parts_sent smallint not null default 0 check (parts_sent >= 0),
    requeued_at timestamptz
);
comment on column pending_responses.parts_sent is 'Of a text that is sent as several messages: how many are out already.';

create table email_queue (
    id uuid primary key default nightshift.uuid7(),
    to_email text not null check (to_email <> ''),
    subject text not null,
    html text,
    text text,
    from_email text,
    reply_to text,
    headers jsonb not null default '{}' check (jsonb_typeof(headers) = 'object'),
    email_type text not null default 'transactional',
    metadata jsonb not null default '{}',
    attempts smallint not null default 0 check (attempts >= 0),
    max_attempts smallint not null default 5 check (max_attempts > 0),
    next_retry_at timestamptz,
    check (html is not null or text is not null)
);

create table webhook_retry_queue (
    id uuid primary key default nightshift.uuid7(),
    webhook_type text not null,
    webhook_event_id text not null,
    payload jsonb not null,
    headers jsonb not null default '{}',
    metadata jsonb not null default '{}',
    attempts smallint not null default 0 check (attempts >= 0),
    max_attempts smallint not null default 5 check (max_attempts > 0),
    next_retry_at timestamptz not null default now()
);
create unique index webhook_retry_queue_event on webhook_retry_queue (webhook_type, webhook_event_id);
