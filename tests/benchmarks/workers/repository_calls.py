"""Players' repositories, one call after the other: how long each takes."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from statistics import quantiles
from typing import Any
from uuid import uuid4

import psycopg

from shared.db import Database
from shared.errors import ConflictError
from shared.repositories.conversations import ConversationRepository
from shared.repositories.embeddings import DIMENSIONS, EmbeddingRepository
from shared.repositories.metrics import MetricsRepository
from shared.repositories.registrations import RegistrationRepository
from shared.repositories.score_history import ScoreHistoryRepository
from shared.repositories.summaries import DailySummaryRepository, SummaryData
from shared.repositories.users import Profile, UserRepository
from shared.repositories.vices import VicePreferenceRepository

WARM = 20  # calls before the first that counts: the pool has its connection, the server its catalogue
LAST_DAY = date(2026, 3, 31)  # of the summaries that are filled in
FILL = (
    "insert into users (telegram_id) select n from generate_series(1, %(users)s) n",
    "insert into user_metrics (user_id) select id from users",
    """insert into user_vice_preferences (user_id, category)
    select id, category from users, unnest('{vanity,risk,sloth}'::text[]) category""",
    # Of each user's three conversations of 20 messages one goes on.
    """insert into conversations (user_id, platform, messages, started_at, ended_at)
    select u.id, 'telegram', m.messages, now() - n * interval '1 day', case when n > 1 then now() end
    from users u, generate_series(1, 3) n, lateral (
        select jsonb_agg(jsonb_build_object('role', 'user', 'at', now(), 'content', format(
            'word%%s of %%s heard%%s over the river in rain %%s', u.telegram_id %% 997, n, k, u.telegram_id)))
            as messages
        from generate_series(1, 20) k) m""",
    """insert into score_history (user_id, score, chapter, event_type, recorded_at)
    select id, 40 + n %% 20, 1, 'chat', now() - n * interval '6 hours' from users, generate_series(50, 1, -1) n""",
    """insert into daily_summaries (user_id, summary_date, score_start, score_end, recap, written_by)
    select id, %(last)s::date - n, 50, 51, repeat('It was a day. ', 30), 'template'
    from users, generate_series(0, 29) n""",
    # The first twentieth of the users have ten messages each as points.
    """insert into message_embeddings (user_id, conversation_id, role, message_text, embedding)
    select c.user_id, c.id, 'user', 'hello', p.point
    from users u join conversations c on c.user_id = u.id and c.ended_at is null, generate_series(1, 10) n, lateral (
        select array_agg(random()::real) as point from generate_series(1, 1536) where n * u.telegram_id > 0) p
    where u.telegram_id <= %(users)s / 20""",
)
OPEN = "select user_id, id from conversations where ended_at is null order by id limit 20000"
VICES = "select id from user_vice_preferences limit 10000"
Call = Callable[[], Awaitable[object]]


class Rows:
    """What a call may be about, chosen anew for each."""

    def __init__(self) -> None:
        self.random = Random(1)  # noqa: S311
        self.points = [[self.random.random() for _ in range(DIMENSIONS)] for _ in range(10)]
        self.users: list[Any] = []
        self.open: list[Any] = []
        self.vices: list[Any] = []

    def read(self, url: str) -> None:
        with psycopg.connect(url) as connection:
            self.users = [row[0] for row in connection.execute("select id from users")]
            self.open = connection.execute(OPEN).fetchall()
            self.vices = [row[0] for row in connection.execute(VICES)]
        self.random.shuffle(self.open)

    def user(self) -> Any:
        return self.random.choice(self.users)

    def talk(self) -> tuple[Any, Any]:
        """A user and one of their open conversations."""
        user, talk = self.random.choice(self.open)
        return user, talk

    def telegram(self) -> int:
        return self.random.randint(1, len(self.users))

    def new(self) -> int:
        return self.random.randint(10**9, 10**15)

    def day(self, first: int, last: int) -> date:
        return LAST_DAY + timedelta(days=self.random.randint(first, last))

    def point(self) -> list[float]:
        return self.random.choice(self.points)


def named() -> list[str]:
    """Every method that can be timed."""
    return list(calls(Database(""), Rows()))


def calls(db: Database, rows: Rows) -> dict[str, Call]:
    return scoring(db, rows) | talking(db, rows) | telling(db, rows)


def talking(db: Database, rows: Rows) -> dict[str, Call]:
    talks, embeddings = ConversationRepository(db), EmbeddingRepository(db)
    return {
        "conversations.create": lambda: talks.create(rows.user(), "telegram"),
        "conversations.append_message": lambda: talks.append_message(rows.talk()[1], "user", "hello"),
        "conversations.get_recent": lambda: talks.get_recent(rows.user()),
        "conversations.search": lambda: talks.search(rows.user(), "heard7 river"),
        "conversations.close_conversation": lambda: talks.close_conversation(rows.open.pop()[1], 1),
        "embeddings.add": lambda: embeddings.add(*rows.talk(), "user", "hello", rows.point()),
        "embeddings.nearest": lambda: embeddings.nearest(rows.user(), rows.point()),
    }


def scoring(db: Database, rows: Rows) -> dict[str, Call]:
    users, metrics, history = UserRepository(db), MetricsRepository(db), ScoreHistoryRepository(db)
    return {
        "users.get": lambda: users.get(rows.user()),
        "users.get_by_telegram_id": lambda: users.get_by_telegram_id(rows.telegram()),
        "users.create": lambda: users.create(Profile(telegram_id=rows.new())),
        "users.update_score": lambda: users.update_score(rows.user(), 1, "chat", {"why": "a joke"}),
        "users.apply_decay": lambda: users.apply_decay(rows.user(), 1),
        "users.advance_chapter": lambda: users.advance_chapter(rows.user()),
        "metrics.get": lambda: metrics.get(rows.user()),
        "metrics.update_metrics": lambda: metrics.update_metrics(rows.user(), trust_delta=1, passion_delta=-1),
        "metrics.calculate_composite": lambda: metrics.calculate_composite(rows.user()),
        "score_history.log_event": lambda: history.log_event(rows.user(), 50, 1, "boss"),
        "score_history.get_history": lambda: history.get_history(rows.user()),
        "score_history.get_daily_stats": lambda: history.get_daily_stats(rows.user(), rows.day(-20, 0)),
    }


def telling(db: Database, rows: Rows) -> dict[str, Call]:
    vices, summaries, waiting = VicePreferenceRepository(db), DailySummaryRepository(db), RegistrationRepository(db)
    data = SummaryData(score_start=Decimal(50), score_end=Decimal(51), recap="It was a day. " * 30)
    return {
        "vices.get_active": lambda: vices.get_active(rows.user()),
        "vices.update_intensity": lambda: vices.update_intensity(rows.random.choice(rows.vices), 1),
        "vices.discover": lambda: vices.discover(rows.user(), uuid4().hex),
        "summaries.create": lambda: summaries.create(rows.user(), rows.day(1, 3000), data),
        "summaries.get_by_date": lambda: summaries.get_by_date(rows.user(), rows.day(-29, 0)),
        "summaries.get_range": lambda: summaries.get_range(rows.user(), rows.day(-29, -8), LAST_DAY),
        "registrations.create": lambda: waiting.create(rows.new(), "somebody@example.org"),
        "registrations.take": lambda: waiting.take(rows.new()),
        "registrations.delete_expired": waiting.delete_expired,
    }


def fill(url: str, users: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in FILL:
            connection.execute(statement.encode(), {"users": users, "last": LAST_DAY})


async def timed(url: str, name: str, times: int) -> dict[str, float]:
    """Make the call so many times, one after the other: the median and the 95th percentile in milliseconds."""
    db, rows = Database(url), Rows()
    rows.read(url)
    call = calls(db, rows)[name]
    took = [await once(call) for _ in range(WARM + times)][WARM:]
    await db.close()
    cuts = quantiles(took, n=100, method="inclusive")
    return {"p50": cuts[49], "p95": cuts[94]}


async def once(call: Call) -> float:
    began = time.perf_counter()
    with contextlib.suppress(ConflictError):  # a day that was chosen before, or a last chapter
        await call()
    return (time.perf_counter() - began) * 1000


def main(action: str, url: str, *words: str) -> None:
    if action == "fill":
        fill(url, int(words[0]))
    else:
        print(json.dumps(asyncio.run(timed(url, words[0], int(words[1])))))


if __name__ == "__main__":
    main(*sys.argv[1:])
