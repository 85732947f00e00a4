"""Conversations of partners, one call after the other: how long each takes beside a very long conversation."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from random import Random
from statistics import quantiles
from typing import Any
from uuid import uuid4

import psycopg

from functions.messages.asked import NUMBERS, Letter
from functions.messages.conversations import Conversations
from shared.db import Database

WARM = 20  # calls before the first that counts: the pool has its connection, the server its catalogue
PAGE = 51  # rows that a page of 50 looks at
PARTNERS = 100  # conversations of the one who lists theirs; the first is the long one
FILL = (
    "insert into users (telegram_id) select n from generate_series(0, %(partners)s) n",
    """insert into direct_conversations (low_id, high_id, messages)
    select least(a.id, b.id), greatest(a.id, b.id), case b.telegram_id when 1 then %(messages)s else 20 end
    from users a, users b where a.telegram_id = 0 and b.telegram_id > 0 order by b.telegram_id""",
    """insert into conversation_members (conversation_id, user_id, sent)
    select c.id, m.id, c.messages / 2 from direct_conversations c, lateral (values (c.low_id), (c.high_id)) m (id)""",
    """insert into direct_messages (conversation_id, number, sender_id, nth, client_id, content, created_at)
    select c.id, n, case n %% 2 when 0 then c.low_id else c.high_id end, (n + 1) / 2, gen_random_uuid(),
        repeat('words and words ', 5), now() - (c.messages - n) * interval '1 second'
    from direct_conversations c, generate_series(1, c.messages) n""",
)
LONG = """
select c.id, u.id, c.messages from direct_conversations c, users u where u.telegram_id = 0
order by c.messages desc limit 1
"""
Call = Callable[[], Awaitable[object]]


def named() -> list[str]:
    """Every call that can be timed."""
    return list(calls(Database(""), (None, None, 1)))


def calls(db: Database, long: tuple[Any, Any, int]) -> dict[str, Call]:
    conversation, user, messages = long
    repository, random = Conversations(db), Random(1)  # noqa: S311
    return {
        "the first page": lambda: repository.page(conversation, NUMBERS, PAGE),
        "any page": lambda: repository.page(conversation, random.randint(1, messages), PAGE),
        "the list of conversations": lambda: repository.latest(user, None, PAGE),
        "the total of what is unread": lambda: repository.unread(user),
        "reading up to any message": lambda: repository.read(user, conversation, random.randint(1, messages)),
        "sending": lambda: repository.send(user, conversation, Letter(client_id=uuid4(), content="hello")),
    }


def fill(url: str, messages: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in FILL:
            connection.execute(statement.encode(), {"partners": PARTNERS, "messages": messages})


async def timed(url: str, name: str, times: int) -> dict[str, float]:
    """Make the call so many times, one after the other: the median and the 95th percentile in milliseconds."""
    with psycopg.connect(url) as connection:
        long = connection.execute(LONG.encode()).fetchone() or (None, None, 0)
    db = Database(url)
    call = calls(db, (long[0], long[1], long[2]))[name]
    took = [await once(call) for _ in range(WARM + times)][WARM:]
    await db.close()
    cuts = quantiles(took, n=100, method="inclusive")
    return {"p50": cuts[49], "p95": cuts[94]}


async def once(call: Call) -> float:
    began = time.perf_counter()
    await call()
    return (time.perf_counter() - began) * 1000


def main(action: str, url: str, *words: str) -> None:
    if action == "fill":
        fill(url, int(words[0]))
    else:
        print(json.dumps(asyncio.run(timed(url, words[0], int(words[1])))))


if __name__ == "__main__":
    main(*sys.argv[1:])
