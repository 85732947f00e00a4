-- What an operator is to be told, one row for each who is told. Nothing personal is in it.
create table alert_queue (
    id uuid primary key default nightshift.uuid7(),
    kind text not null check (kind in ('alarm', 'recovery')),
    cause text not null check (cause <> ''),
    summary text not null check (summary <> ''),
    advice text not null default '',
    page text not null default '' check (page = '' or page like '/%'),
    since timestamptz not null default now(),
    target text not null check (target <> ''),
    attempts smallint not null default 0 check (attempts >= 0),
    max_attempts smallint not null default 6 check (max_attempts > 0),
    next_retry_at timestamptz
);
comment on column alert_queue.since is 'Since when it is wrong; of a recovery, since when it was.';
comment on column alert_queue.page is 'The path of the page of the console that shows it.';
comment on column alert_queue.target is 'Who is told: the host and a fingerprint of the address, which is a secret.';

alter table queues
    drop constraint queues_name_check,
    add constraint queues_name_check
        check (name in ('pending_responses', 'email_queue', 'webhook_retry_queue', 'alert_queue'));
insert into queues (name, retry_delays) values ('alert_queue', '{10 seconds, 1 minute, 5 minutes, 15 minutes, 1 hour}');
