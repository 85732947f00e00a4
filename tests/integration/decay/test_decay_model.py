"""Changes of score, decay and changes of chapter in any order: the tables say what the rules say (spec, section 6)."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from psycopg.types.json import Jsonb

from infra.local.demo.rules import GRACE, POINTS, Player
from tests.integration.decay.absent import DAY, before

Sync = psycopg.Connection[tuple[Any, ...]]
PLAYERS = 3
STATUSES = ("active", "boss_fight", "game_over", "won")
AT_ONCE, STEPS = 4, 40  # programs, and what each of them does
LAST = "select distinct on (user_id) user_id, score from score_history order by user_id, id desc"
STATE = "select id, relationship_score, game_status from users"
WRITTEN = """
select score, chapter, event_type, event_details -> 'delta', decay_date
from score_history where user_id = %s order by id
"""
NOTICED = "select user_id::text, idempotency_key from pending_responses"
ONE_STEP = "select relationship_score from users where id = %s"


who = some.integers(0, PLAYERS - 1)
day = some.integers(0, 4).map(lambda days: DAY + timedelta(days=days))
delta = some.decimals(-60, 60, places=2)
step = some.one_of(
    some.tuples(some.just("decay"), day),
    some.tuples(some.just("score"), who, delta),
    some.tuples(some.just("chapter"), who, some.sampled_from(sorted(GRACE))),
    some.tuples(some.just("seen"), who, some.integers(-120, 120).map(before)),
    some.tuples(some.just("status"), who, some.sampled_from(STATUSES)),
)


@pytest.fixture
def db(database_url: str) -> Iterator[Sync]:
    with psycopg.connect(database_url) as connection:
        yield connection


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.lists(step, max_size=25))
def test_any_order_of_changes_leaves_the_scores_that_the_rules_say(db: Sync, steps: list[tuple[Any, ...]]) -> None:
    db.rollback()  # what the example before left
    players = {new(db, before(100)): Player(seen=before(100)) for _ in range(PLAYERS)}
    for kind, *given_ in steps:
        DO[kind](db, players, *given_)
    found = {str(key): (score, status) for key, score, status in db.execute(STATE)}
    assert found == {key: (player.score, player.status) for key, player in players.items()}
    assert {str(key): score for key, score in db.execute(LAST)}.items() <= {
        key: player.score for key, player in players.items()
    }.items()
    assert sorted(db.execute(NOTICED).fetchall()) == sorted(
        (key, f"game-over:{key}:{day}") for key, player in players.items() for day in player.told
    )


def new(db: Sync, seen: datetime) -> str:
    statement = "insert into users (telegram_id, last_interaction_at) values (%s, %s) returning id::text"
    count = (db.execute("select count(*) from users").fetchone() or (0,))[0]
    return str((db.execute(statement, [count, seen]).fetchone() or ("",))[0])


def decay(db: Sync, players: dict[str, Player], day: date) -> None:
    db.execute("select * from apply_daily_decay(%s)", [day])
    for player in players.values():
        player.decay(day)


def change(db: Sync, players: dict[str, Player], number: int, delta: Decimal) -> None:
    key = list(players)[number]
    db.execute("select nightshift.change_score(%s, %s, 'chat')", [key, delta])
    players[key].change(delta)


def put(column: str, attribute: str) -> Callable[..., None]:
    """A step that another program takes: one column of one player."""

    def step(db: Sync, players: dict[str, Player], number: int, value: object) -> None:
        key = list(players)[number]
        db.execute(f"update users set {column} = %s where id = %s".encode(), [value, key])  # noqa: S608
        setattr(players[key], attribute, value)

    return step


DO: dict[str, Callable[..., None]] = {
    "decay": decay,
    "score": change,
    "chapter": put("chapter", "chapter"),
    "seen": put("last_interaction_at", "seen"),
    "status": put("game_status", "status"),
}


def test_changes_at_the_same_time_leave_scores_that_follow_from_their_history(db: Sync, database_url: str) -> None:
    players = [new(db, before(100)) for _ in range(PLAYERS)]
    db.commit()
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda seed: disturb(database_url, players, Random(seed)), range(AT_ONCE)))  # noqa: S311
    for player in players:
        rows = db.execute(WRITTEN, [player]).fetchall()
        score = Decimal(50)
        for written, chapter, kind, delta, _ in rows:
            points = Decimal(-POINTS[chapter] if kind == "decay" else delta)
            score = min(max(score + points, Decimal(0)), Decimal(100))
            assert written == score
        paid = [day for *_, day in rows if day]
        assert (db.execute(ONE_STEP, [player]).fetchone() or ())[0] == score
        assert len(paid) == len(set(paid)) > 0


def disturb(url: str, players: list[str], source: Random) -> None:
    """What one program does to all of them, one transaction after the other."""
    with psycopg.connect(url, autocommit=True) as db:
        for _ in range(STEPS):
            player, delta = source.choice(players), source.randint(-20, 30)
            kind = source.choice(["decay", "chapter", "score", "score"])
            if kind == "decay":
                db.execute("select * from apply_daily_decay(%s)", [DAY + timedelta(days=source.randint(0, 9))])
            elif kind == "chapter":
                db.execute("update users set chapter = %s where id = %s", [source.randint(1, 5), player])
            else:
                db.execute(
                    "select nightshift.change_score(%s, %s, 'chat', %s)", [player, delta, Jsonb({"delta": delta})]
                )
