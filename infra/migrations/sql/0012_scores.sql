-- The rules of decay: how long a player of a chapter may stay away, and what a day beyond it costs.
create table chapter_rules (
    chapter smallint primary key check (chapter between 1 and 5),
    grace interval not null check (grace > interval '0'),
    decay numeric(5, 2) not null check (decay between 0 and 100)
);
comment on column chapter_rules.decay is 'Points a day.';
insert into chapter_rules (chapter, grace, decay) values
    (1, '24 hours', 5), (2, '36 hours', 4), (3, '48 hours', 3), (4, '72 hours', 2), (5, '96 hours', 1);

-- The ids of one user's rows are in the order of the changes: each is written while the users row is locked.
create table score_history (
    id bigint generated always as identity primary key,
    user_id uuid not null references users on delete cascade,
    score numeric(5, 2) not null check (score between 0 and 100),
    chapter smallint not null check (chapter between 1 and 5),
    event_type text not null check (length(event_type) between 1 and 64),
    event_details jsonb not null default '{}' check (jsonb_typeof(event_details) = 'object'),
    recorded_at timestamptz not null default clock_timestamp()
);
comment on table score_history is 'The score after each change; the last row of a user is the score that users has.';
create index score_history_user on score_history (user_id, id desc);
create index score_history_time on score_history (user_id, recorded_at desc);

-- Change a user's score by so many points, within 0 to 100, and write it down. Answers the row of the history.
-- Both columns of the score are always written together here: whoever else changes one writes the other too.
create function nightshift.change_score(p_user uuid, p_delta numeric, p_event_type text, p_details jsonb default '{}')
returns score_history
language plpgsql as $$
declare
    v_row score_history;
begin
    if p_delta is null or p_delta = 'NaN' then
        raise null_value_not_allowed using message = 'a change of score needs a number';
    end if;
    update users
    set relationship_score = least(greatest(relationship_score + p_delta, 0), 100), updated_at = now()
    where id = p_user
    returning relationship_score, chapter into v_row.score, v_row.chapter;
    if not found then
        raise no_data_found using message = 'no such user';
    end if;
    insert into score_history (user_id, score, chapter, event_type, event_details)
    values (p_user, v_row.score, v_row.chapter, p_event_type, p_details)
    returning * into v_row;
    return v_row;
end
$$;
