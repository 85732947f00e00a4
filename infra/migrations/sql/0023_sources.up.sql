-- What analytics are made of. Dates stay within four digits of a year, as the roll-ups write them.
create table tracks (
    id uuid primary key default nightshift.uuid7(),
    title text not null check (char_length(title) between 1 and 200),
    schedule_type text not null default 'daily' check (schedule_type <> ''),
    created_at timestamptz not null default now()
);
comment on table tracks is 'What can be studied.';

create table user_study_log (
    id uuid primary key default nightshift.uuid7(),
    user_id uuid not null references users on delete cascade,
    track_id uuid not null references tracks on delete cascade,
    study_date date not null check (study_date between '2000-01-01' and '2999-12-31'),
    is_completed boolean not null default false,
    completed_at timestamptz check (is_completed or completed_at is null),
    unique (user_id, study_date, track_id)
);
comment on table user_study_log is 'What was scheduled for a user''s day, and whether it was done.';
create index user_study_log_track on user_study_log (track_id);

create table learning_path (
    id uuid primary key default nightshift.uuid7(),
    user_id uuid not null references users on delete cascade,
    node_index int not null check (node_index >= 0),
    node_type text not null check (node_type in ('learning', 'review', 'quiz')),
    unlock_date date not null check (unlock_date between '2000-01-01' and '2999-12-31'),
    completed_at timestamptz check (completed_at between '2000-01-01' and '2999-12-31'),
    unique (user_id, node_index)
);
comment on table learning_path is 'The steps of a user''s path. One is reached on its unlock_date (UTC).';
