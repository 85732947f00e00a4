"""One row for each table, so that a test can fill all of them, and try to."""

from typing import Any

import psycopg
from psycopg.sql import SQL

Sync = psycopg.Connection[tuple[Any, ...]]

# Of somebody whose partner has left.
MEMBER = (
    "with conversation as (insert into direct_conversations (low_id) values (%(user)s) returning id) "
    "insert into conversation_members select id, %(user)s from conversation"
)
# Each may be inserted any number of times, but for the one row a user that user_metrics and furniture_essence have.
INSERTS = {
    "users": "insert into users (telegram_id) values ((random() * 1e9)::int)",
    "user_metrics": "insert into user_metrics (user_id) values (%(user)s)",
    "user_vice_preferences": "insert into user_vice_preferences (user_id, category) "
    "values (%(user)s, gen_random_uuid()::text)",
    "conversations": "insert into conversations (user_id, platform, messages) "
    """values (%(user)s, 'telegram', '[{"role": "user", "content": "hello"}]')""",
    "message_embeddings": "insert into message_embeddings (user_id, conversation_id, role, message_text, embedding) "
    "select user_id, id, 'user', 'hello', array_fill(0.5::real, array[1536]) from conversations "
    "where user_id = %(user)s limit 1",
    "score_history": "insert into score_history (user_id, score, chapter, event_type) values (%(user)s, 50, 1, 'chat')",
    "daily_summaries": "insert into daily_summaries "
    "(user_id, summary_date, score_start, score_end, recap, written_by) "
    "values (%(user)s, '2000-01-01'::date + (random() * 9000)::int, 50, 51, 'a day', 'template')",
    "recap_work": "insert into recap_work (user_id, summary_date) "
    "values (%(user)s, '2000-01-01'::date + (random() * 9000)::int)",
    "recap_batches": "insert into recap_batches (id, next_look_at) values (gen_random_uuid(), now())",
    "recap_spend": "insert into recap_spend (day) values ('2000-01-01'::date + (random() * 9000)::int)",
    "recap_channel": "insert into recap_channel default values on conflict do nothing",
    "chapter_rules": "insert into chapter_rules values (1, '1 hour', 1) on conflict do nothing",
    "pending_registrations": "insert into pending_registrations (telegram_id, email) "
    "values ((random() * 1e9)::int, 'a@example.org')",
    "orders": "insert into orders (user_id) values (%(user)s)",
    "subscriptions": "insert into subscriptions (user_id, stripe_subscription_id) "
    "values (%(user)s, gen_random_uuid()::text)",
    "furniture_essence": "insert into furniture_essence (user_id) values (%(user)s)",
    "essence_transactions": "insert into essence_transactions (user_id, amount, transaction_type) "
    "values (%(user)s, 1, 'earned')",
    "items": "insert into items (name, essence_cost) values ('Desk lamp', 5)",
    "user_items": "with item as (insert into items (name, essence_cost) values ('Desk lamp', 5) returning id) "
    "insert into user_items (user_id, item_id) select %(user)s, id from item",
    "partnerships": "with partner as (insert into users default values returning id) "
    "insert into partnerships (requester_id, addressee_id) select %(user)s, id from partner",
    "pending_responses": "insert into pending_responses (user_id, telegram_chat_id, response_text) "
    "values (%(user)s, 1, 'x')",
    "email_queue": "insert into email_queue (to_email, subject, text) values ('a@example.org', 's', 't')",
    "webhook_retry_queue": "insert into webhook_retry_queue (webhook_type, webhook_event_id, payload) "
    "values ('stripe', gen_random_uuid()::text, '{}')",
    "alert_queue": "insert into alert_queue (kind, cause, summary, target) "
    "values ('alarm', 'failed:x', 'It failed.', 'a')",
    "job_pulses": "insert into job_pulses (job) values (gen_random_uuid()::text)",
    "queue_samples": "insert into queue_samples (queue, at, live, due, dead, done, died) "
    "values ('email_queue', now() - random() * interval '30 years', 0, 0, 0, 0, 0)",
    "push_queue": "with device as (insert into user_devices (user_id, platform, address_kind, push_token) "
    "values (%(user)s, 'ios', 'expo', gen_random_uuid()::text) returning id) "
    "insert into push_queue (user_id, device_id, title, body) select %(user)s, id, 't', 'b' from device",
    "push_receipts": "with device as (insert into user_devices (user_id, platform, address_kind, push_token) "
    "values (%(user)s, 'ios', 'expo', gen_random_uuid()::text) returning id) "
    "insert into push_receipts (ticket, device_id) select gen_random_uuid()::text, id from device",
    "queues": "insert into queues (name, retry_delays) values ('email_queue', '{1 second}') on conflict do nothing",
    "requeue_waves": "insert into requeue_waves (queue, actor, ids, status, finished_at) "
    "values ('email_queue', 'op', array[gen_random_uuid()], 'done', now())",
    "email_suppressions": "insert into email_suppressions (address, reason, source) "
    "values (gen_random_uuid() || '@example.org', 'manual', 'operator')",
    "webhook_events": "insert into webhook_events (event_id, event_type, event_created, raw_body) "
    "values (gen_random_uuid()::text, 'x', now(), '{}')",
    "stripe_payments": "insert into stripe_payments (payment_intent_id) values (gen_random_uuid()::text)",
    "job_history": "insert into job_history (job_name) values ('deliver-responses')",
    "rate_limit_counters": "insert into rate_limit_counters (key, expires_at) values (gen_random_uuid()::text, now())",
    "metric_counters": "insert into metric_counters (name) values (gen_random_uuid()::text)",
    "alert_states": "insert into alert_states (cause, raised_at, sent_at) "
    "values (gen_random_uuid()::text, now(), now())",
    "audit_log": "insert into audit_log (actor, action, subject) values ('op', 'discard', 'x')",
    "user_roles": "insert into user_roles (user_id, role) values (%(user)s, 'moderator') on conflict do nothing",
    "tracks": "insert into tracks (title) values ('Verbs')",
    "user_study_log": "with t as (insert into tracks (title) values ('Verbs') returning id) "
    "insert into user_study_log (user_id, track_id, study_date) select %(user)s, id, '2026-01-01' from t",
    "learning_path": "insert into learning_path (user_id, node_index, node_type, unlock_date) "
    "values (%(user)s, (random() * 1e9)::int, 'quiz', '2026-01-01')",
    "session_analytics_events": "insert into session_analytics_events (user_id, session_id, event_type) "
    "values (%(user)s, 's', 'page_viewed')",
    "direct_conversations": MEMBER,
    "conversation_members": MEMBER,
    "direct_messages": "with conversation as "
    "(insert into direct_conversations (low_id) values (%(user)s) returning id), "
    "member as (insert into conversation_members select id, %(user)s from conversation) "
    "insert into direct_messages (conversation_id, number, sender_id, nth, client_id, content, created_at) "
    "select id, 1, %(user)s, 1, gen_random_uuid(), 'hello', now() from conversation",
    "user_devices": "insert into user_devices (user_id, platform, address_kind, push_token) "
    "values (%(user)s, 'ios', 'expo', gen_random_uuid()::text)",
    "alembic_version": "insert into alembic_version values (left(gen_random_uuid()::text, 32))",
}
EMPTY = {"alembic_version"}  # has its row already, and may have no other


def new_user(conn: Sync) -> str:
    row = conn.execute("insert into users default values returning id::text").fetchone() or ("",)
    return str(row[0])


def fill(conn: Sync) -> str:
    """A user with a row in every table; the user's id."""
    user = new_user(conn)
    for table in INSERTS.keys() - EMPTY - {"message_embeddings"}:
        insert(conn, table, user)
    insert(conn, "message_embeddings", user)
    return user


def insert(conn: Sync, table: str, user: str) -> int:
    """How many rows the table's statement inserted."""
    return conn.execute(SQL(INSERTS[table]), {"user": user}).rowcount
