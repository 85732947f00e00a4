-- What is searched of a conversation: the texts of its messages. The newest characters where it is very long: a tsvector
-- holds less than 1 MB, and one more message must not fail for the index's sake.
create function nightshift.message_text(p_messages jsonb) returns text
language sql immutable parallel safe as $$
    select right(string_agg(m.message ->> 'content', ' ' order by m.place), 100000)
    from jsonb_array_elements(case jsonb_typeof(p_messages) when 'array' then p_messages else '[]' end)
        with ordinality as m(message, place)
$$;

-- 'simple' takes words as they stand. Players write in any language, and about people: English rules would cut foreign
-- words and drop names such as Will.
create function nightshift.search_words(p_messages jsonb) returns tsvector
language sql immutable parallel safe as $$
    select to_tsvector('pg_catalog.simple'::regconfig, coalesce(nightshift.message_text(p_messages), ''))
$$;

create table conversations (
    id uuid primary key default nightshift.uuid7(),
    user_id uuid not null references users on delete cascade,
    platform text not null check (length(platform) between 1 and 32),
    messages jsonb not null default '[]' check (jsonb_typeof(messages) = 'array'),
    score_delta numeric(5, 2),
    started_at timestamptz not null default now(),
    ended_at timestamptz,
    is_boss_fight boolean not null default false,
    chapter_at_time smallint check (chapter_at_time between 1 and 5),
    search_vector tsvector generated always as (nightshift.search_words(messages)) stored,
    constraint conversations_ended check (ended_at >= started_at)
);
comment on column conversations.messages is 'Oldest first: objects with role, content, and what else is known of each.';
create index conversations_user_started on conversations (user_id, started_at desc);
create index conversations_words on conversations using gin (search_vector);

{% if trigrams %}
-- Parts of words, where the server can. Of conversations that have ended: kept up with each message, this index alone
-- took two thirds of the time of adding one.
create index conversations_trigrams on conversations
    using gin (nightshift.message_text(messages) extensions.gin_trgm_ops)
    where ended_at is not null;
{% endif %}
