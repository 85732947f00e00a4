-- name: progress
-- So many parts of a long text are out.
update pending_responses set parts_sent = %(parts)s::smallint, updated_at = now()
where id = %(id)s::uuid and status = 'processing' and run_id = %(run)s::uuid;

-- name: chat_gone
-- The chat refused for good: its user wants no more notifications.
update users set notifications_enabled = false, updated_at = now()
where id = %(user_id)s::uuid and notifications_enabled;

-- name: chat_moved
-- A group became a supergroup: its user and its live replies go where it went, in one statement.
with moved as (
    update users u set telegram_id = %(new)s::bigint, updated_at = now()
    where u.telegram_id = %(old)s::bigint
      and not exists (select from users taken where taken.telegram_id = %(new)s::bigint)
)
update pending_responses set telegram_chat_id = %(new)s::bigint, updated_at = now()
where telegram_chat_id = %(old)s::bigint and status in ('pending', 'processing');
