"""Enqueues at a steady rate: `URL RATE UNTIL`. Half replies, half webhooks; half due at once, half within seconds.

UNTIL is a time in seconds since 1970.
"""

import json
import sys
import time
from typing import LiteralString

import psycopg

TICK = 0.1  # seconds between two insertions of each queue
AHEAD = 10.0  # seconds within which a later row is due
USERS, CHATS = 1_000, 5_000
OWNERS: LiteralString = "insert into users (telegram_id) select n from generate_series(1, %(users)s::int) n"
FEEDS: dict[str, LiteralString] = {
    "replies": """
        insert into pending_responses (user_id, telegram_chat_id, response_text, scheduled_at)
        select u.id, 1 + floor(random() * %(chats)s::int), 'A text of some forty characters, number ' || n,
               now() + (n %% 2) * random() * make_interval(secs => %(ahead)s::float8)
        from generate_series(1, %(rows)s::int) n
        join users u on u.telegram_id = 1 + (n * 7919 + %(turn)s::int) %% %(users)s::int""",
    "webhooks": """
        insert into webhook_retry_queue (webhook_type, webhook_event_id, payload, next_retry_at)
        select 'stripe', 'evt_' || gen_random_uuid(),
               jsonb_build_object('to', 'user' || n || '@example.org', 'text', 'A text of some forty characters'),
               now() + (n %% 2) * random() * make_interval(secs => %(ahead)s::float8)
        from generate_series(1, %(rows)s::int) n""",
}


def feed(connection: psycopg.Connection, rate: int, until: float) -> tuple[int, float]:
    """Insert until that time; how many rows of each queue, and by how many seconds a turn was late at most."""
    began, turn, late, rows = time.time(), 0, 0.0, max(1, round(rate * TICK / len(FEEDS)))
    values = {"rows": rows, "users": USERS, "chats": CHATS, "ahead": AHEAD}
    while (at := began + turn * TICK) < until:
        late = max(late, time.time() - at)
        time.sleep(max(0.0, at - time.time()))
        for statement in FEEDS.values():
            connection.execute(statement, values | {"turn": turn})
        turn += 1
    return turn * rows, late


def main(url: str, rate: str, until: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(OWNERS, {"users": USERS})
        fed, late = feed(connection, int(rate), float(until))
    print(json.dumps({"replies": fed, "webhooks": fed, "late": late}))


if __name__ == "__main__":
    main(*sys.argv[1:])
