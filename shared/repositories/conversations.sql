-- name: get
-- A conversation with its messages.
select id, user_id, platform, messages, score_delta, started_at, ended_at, is_boss_fight, chapter_at_time
from conversations where id = %(key)s::uuid;

-- name: create
-- A conversation of a user in their present chapter. No row: there is no such user.
insert into conversations (user_id, platform, started_at, is_boss_fight, chapter_at_time)
select id, %(platform)s::text, coalesce(%(started_at)s::timestamptz, now()), %(is_boss_fight)s::boolean, chapter
from users where id = %(user_id)s::uuid
returning id, user_id, platform, messages, score_delta, started_at, ended_at, is_boss_fight, chapter_at_time;

-- name: delete
-- A conversation, with its embeddings.
delete from conversations where id = %(key)s::uuid returning id;

-- name: append_message
-- Add messages at the end. No row: it has ended, or there is none.
update conversations set messages = messages || %(messages)s::jsonb
where id = %(key)s::uuid and ended_at is null
returning jsonb_array_length(messages) as messages;

-- name: get_recent
-- A user's last conversations, newest first.
select id, user_id, platform, messages, score_delta, started_at, ended_at, is_boss_fight, chapter_at_time
from conversations where user_id = %(user_id)s::uuid
order by started_at desc, id desc limit %(limit)s::int;

-- name: search
-- A user's conversations with these words, and ended ones with this part of a text; newest first.
select id, user_id, platform, messages, score_delta, started_at, ended_at, is_boss_fight, chapter_at_time
from conversations
where user_id = %(user_id)s::uuid
    and (search_vector @@ websearch_to_tsquery('pg_catalog.simple', %(query)s::text)
         or ended_at is not null and nightshift.message_text(messages) ilike %(pattern)s::text)
order by started_at desc, id desc limit %(limit)s::int;

-- name: close_conversation
-- End a conversation. No row: it has ended, or there is none.
update conversations set ended_at = greatest(now(), started_at), score_delta = %(score_delta)s::numeric
where id = %(key)s::uuid and ended_at is null
returning id, user_id, platform, messages, score_delta, started_at, ended_at, is_boss_fight, chapter_at_time;
