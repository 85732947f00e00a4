"""A player's calls of the shop, and look-ups of partners: how long each takes, so many of them at once."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import cycle
from statistics import quantiles
from typing import Any
from uuid import UUID, uuid4

import psycopg

from functions.shop.main import app
from shared.resources import Resources
from shared.web import Request
from tests import players

WARM = 50  # calls before the first that counts
CREATED = 201
PARTNERS = 20  # of each user
FILL = (
    """insert into users (telegram_id, email, display_name)
    select n, 'player' || n || '@example.org', 'Player ' || n from generate_series(1, %(users)s) n""",
    "insert into furniture_essence (user_id, balance, total_earned) select id, 1000000, 1000000 from users",
    "insert into items (name, essence_cost) select 'Item ' || n, n from generate_series(1, 100) n",
    """insert into partnerships (requester_id, addressee_id, status)
    select a.id, b.id, 'accepted' from users a, generate_series(1, %(partners)s / 2) n
    join users b on true where b.telegram_id = 1 + (a.telegram_id + n) %% %(users)s""",
    # What a year of play leaves behind.
    """insert into essence_transactions (user_id, amount, transaction_type)
    select id, 1, 'earned' from users, generate_series(1, 50)""",
    "insert into user_items (user_id, item_id) select u.id, i.id from users u, items i where i.essence_cost <= 10",
)
PAIRS = "select requester_id, addressee_id from partnerships where addressee_id <> requester_id order by id limit 5000"
Call = Callable[[UUID, UUID], Awaitable[object]]


def calls(resources: Resources, items: Iterator[UUID]) -> dict[str, Call]:
    """Each is given a user and one of their partners."""

    async def post(user: UUID, path: str, **body: Any) -> None:
        sent = json.dumps({"item_id": str(next(items)), **body}).encode()
        response = await app(Request("POST", path, players.bearer(user), body=sent), resources)
        if response.status != CREATED:
            raise RuntimeError(f"{path} answered {response.status}")

    partners = resources.partners
    return {
        "POST /shop/buy": lambda user, _: post(user, "/buy"),
        "POST /shop/buy, with a key": lambda user, _: post(user, "/buy", idempotency_key=uuid4().hex),
        "POST /shop/gift": lambda user, other: post(user, "/gift", recipient_id=str(other), message="For you"),
        "partners, kept": partners.are_partners,
        "partners, not kept": partners.are_partners,
    }


def fill(url: str, users: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in FILL:
            connection.execute(statement.encode(), {"users": users, "partners": PARTNERS})


async def timed(url: str, redis: str, name: str, times: int, at_once: int) -> dict[str, float]:
    """Milliseconds of a call, the median and the 95th percentile, and how many were done in a second."""
    kept = redis if name == "partners, kept" else None
    resources = players.resources(url, redis_url=kept, db_pool_max=at_once)
    with psycopg.connect(url) as connection:
        pairs = cycle(connection.execute(PAIRS).fetchall())
        items = cycle([row[0] for row in connection.execute("select id from items")])
    if kept:  # one user's list, which the first look-up brings
        pairs = cycle([next(pairs)])
    call, took = calls(resources, items)[name], list[float]()

    async def repeat(count: int) -> None:
        for _ in range(count):
            began = time.perf_counter()
            await call(*next(pairs))
            took.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(repeat(WARM) for _ in range(at_once)))
    took.clear()
    began = time.perf_counter()
    await asyncio.gather(*(repeat(times // at_once) for _ in range(at_once)))
    rate = len(took) / (time.perf_counter() - began)
    await resources.close()
    cuts = quantiles(took, n=100, method="inclusive")
    return {"p50": cuts[49], "p95": cuts[94], "rate": rate}


def main(action: str, url: str, *words: str) -> None:
    if action == "fill":
        fill(url, int(words[0]))
    else:
        redis, name, times, at_once = words
        print(json.dumps(asyncio.run(timed(url, redis, name, int(times), int(at_once)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
