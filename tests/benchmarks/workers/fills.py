"""Fills our three queues with rows that are due, that are due in a year, or that are finished."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg

RUN = "018f0000-0000-7000-8000-000000000000"
OWNER = "insert into users (telegram_id) values (1) on conflict do nothing"
FILLS: dict[str, LiteralString] = {
    "replies": """
        insert into pending_responses
            (user_id, telegram_chat_id, response_text, scheduled_at, status, finished_at, delivered_at, history)
        select (select id from users where telegram_id = 1), coalesce(%(chat)s::bigint, n),
               'A text of some forty characters, number ' || n, %(due)s::timestamptz + n * interval '1 millisecond',
               case when %(finished)s::timestamptz is null then 'pending' else 'delivered' end,
               %(finished)s::timestamptz, %(finished)s::timestamptz, %(history)s::jsonb
        from generate_series(%(first)s::int, %(last)s::int) n""",
    "emails": """
        insert into email_queue
            (to_email, subject, text, created_at, status, finished_at, sent_at, history, attempts)
        select 'user' || n || '@example.org', 'Subject ' || n, 'A text of some forty characters, number ' || n,
               %(due)s::timestamptz + n * interval '1 millisecond',
               case when %(finished)s::timestamptz is null then 'pending' else 'sent' end,
               %(finished)s::timestamptz, %(finished)s::timestamptz, %(history)s::jsonb,
               jsonb_array_length(%(history)s::jsonb)
        from generate_series(%(first)s::int, %(last)s::int) n""",
    "webhooks": """
        insert into webhook_retry_queue
            (webhook_type, webhook_event_id, payload, next_retry_at,
             status, finished_at, processed_at, history, attempts)
        select 'stripe', 'evt_' || n,
               jsonb_build_object('to', 'user' || n || '@example.org', 'text', 'A text of some forty characters'),
               %(due)s::timestamptz + n * interval '1 millisecond',
               case when %(finished)s::timestamptz is null then 'pending' else 'processed' end,
               %(finished)s::timestamptz, %(finished)s::timestamptz, %(history)s::jsonb,
               jsonb_array_length(%(history)s::jsonb)
        from generate_series(%(first)s::int, %(last)s::int) n""",
}


def fill(url: str, queue: str, rows: int, *, later: int = 0, finished: int = 0) -> None:
    """Enqueue `finished` rows, then `later` ones, then those that are due; each of another chat or address."""
    now = datetime.now(UTC)
    done_at = now - timedelta(days=1)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(OWNER)
        add(connection, queue, first=1, rows=finished, due=done_at, finished=done_at)
        add(connection, queue, first=finished + 1, rows=later, due=now + timedelta(days=365))
        add(connection, queue, first=finished + later + 1, rows=rows, due=now - timedelta(hours=1))


def add(
    connection: psycopg.Connection,
    queue: str,
    *,
    first: int,
    rows: int,
    due: datetime,
    finished: datetime | None = None,
    chat: int | None = None,
) -> None:
    """Insert rows numbered from `first`, due a millisecond after each other, all of one chat if it is given."""
    values: dict[str, Any] = {"first": first, "last": first + rows - 1, "due": due, "finished": finished, "chat": chat}
    entry = {"at": f"{finished}", "fate": "done", "run": RUN, "ms": 0}
    history = json.dumps([entry] if finished else [])
    connection.execute(FILLS[queue], values | {"history": history})
