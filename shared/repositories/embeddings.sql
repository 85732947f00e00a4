-- name: create
-- A message of one of the user's conversations, at its point. No row: there is no such conversation.
insert into message_embeddings (user_id, conversation_id, role, message_text, embedding)
select user_id, id, %(role)s::text, %(message_text)s::text, %(embedding)s::real[]
from conversations where id = %(conversation_id)s::uuid and user_id = %(user_id)s::uuid
returning id, user_id, conversation_id, role, message_text, created_at;

-- name: nearest
-- The user's messages that are nearest to a point.
select id, conversation_id, role, message_text, distance
from nightshift.nearest_messages(%(user_id)s::uuid, %(embedding)s::real[], %(limit)s::int);

-- name: delete
-- A message's point.
delete from message_embeddings where id = %(key)s::uuid returning id;
