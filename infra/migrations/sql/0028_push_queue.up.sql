-- What is pushed to one device. Where the device has changed hands by then, nobody is told.
create table push_queue (
    id uuid primary key default nightshift.uuid7(),
    user_id uuid not null references users on delete cascade,
    device_id uuid not null references user_devices on delete cascade,
    title text not null check (length(title) between 1 and 100),
    body text not null check (length(body) between 1 and 1000),
    data jsonb not null default '{}' check (jsonb_typeof(data) = 'object' and octet_length(data::text) <= 1000),
    attempts smallint not null default 0 check (attempts >= 0),
    max_attempts smallint not null default 5 check (max_attempts > 0),
    next_retry_at timestamptz
);
comment on column push_queue.data is 'For the app, unseen by the player: texts by name. With title and body well below the 4,096 bytes that FCM and Expo take.';
create index push_queue_device on push_queue (device_id);
create index push_queue_user on push_queue (user_id);

alter table queues
    drop constraint queues_name_check,
    add constraint queues_name_check
        check (name in ('pending_responses', 'email_queue', 'webhook_retry_queue', 'alert_queue', 'push_queue'));
insert into queues (name, retry_delays) values ('push_queue', '{10 seconds, 1 minute, 5 minutes, 30 minutes, 1 hour}');

-- Expo takes a message at once and says later, for about a day, what became of it.
create table push_receipts (
    ticket text primary key check (ticket <> ''),
    device_id uuid not null references user_devices on delete cascade,
    sent_at timestamptz not null default now(),
    look_at timestamptz not null default now() + interval '15 minutes'
);
create index push_receipts_device on push_receipts (device_id);
create index push_receipts_look on push_receipts (look_at);
