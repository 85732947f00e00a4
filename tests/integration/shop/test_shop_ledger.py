"""Buying, giving, credits and refunds in any order and at once: the ledger is the balance (spec, section 9)."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.integration.shop.goods import FACTS

Sync = psycopg.Connection[tuple[Any, ...]]
PLAYERS, PRICES = 3, (1, 20, 50)
AT_ONCE, STEPS = 6, 60  # programs, and what each of them does
BUY = "select purchase_item_atomic(%s, %s, %s, %s, null, %s)"
ORDER = "insert into orders (user_id) values (%s) returning id"
MOVE = "select nightshift.move_essence(%s, %s, %s, null, %s, %s)"

who, what = some.integers(0, PLAYERS - 1), some.integers(0, len(PRICES) - 1)
key = some.one_of(some.none(), some.sampled_from(["k", "l"]))
step = some.one_of(
    some.tuples(some.just("buy"), who, what, key),
    some.tuples(some.just("give"), who, what, key, who),
    some.tuples(some.just("credit"), who, some.integers(1, 60)),
    some.tuples(some.just("refund"), who, some.integers(1, 60)),
)


@dataclass
class Player:
    """What a player should have."""

    balance: int | None = None
    items: Counter[int] = field(default_factory=Counter)
    keys: dict[str, tuple[Any, ...]] = field(default_factory=dict)


class Shop:
    """A database with players and items, and what it should hold."""

    def __init__(self, db: Sync) -> None:
        self.db = db
        self.players = {self.made("users default values"): Player() for _ in range(PLAYERS)}
        self.items = [self.made(f"items (name, essence_cost) values ('i', {price})") for price in PRICES]

    def made(self, row: str) -> str:
        return str(self.one(f"insert into {row} returning id::text"))

    def one(self, statement: str, *params: object) -> Any:
        return (self.db.execute(statement.encode(), params).fetchone() or (None,))[0]

    def of(self, number: int) -> tuple[str, Player]:
        return list(self.players.items())[number]

    def buy(self, who: int, what: int, key: str | None, whom: int | None = None) -> None:
        (user, player), gift = self.of(who), whom is not None
        recipient, owner = self.of(whom) if whom is not None else (None, player)
        answer = self.one(BUY, user, self.items[what], gift, recipient, key)
        asked = (what, whom)
        if key in player.keys:
            known, first = player.keys[key]
            assert answer == (first if known == asked else {"success": False, "error": "idempotency_conflict"})
            return
        possible = whom != who and player.balance is not None and player.balance >= PRICES[what]
        assert answer["success"] is possible
        if possible:
            player.balance = (player.balance or 0) - PRICES[what]
            owner.items[what] += 1
            if key:
                player.keys[key] = (asked, answer)

    def give(self, who: int, what: int, key: str | None, whom: int) -> None:
        self.buy(who, what, key, whom)

    def credit(self, who: int, amount: int) -> None:
        user, player = self.of(who)
        self.move(user, amount, "credit")
        player.balance = (player.balance or 0) + amount

    def refund(self, who: int, amount: int) -> None:
        user, player = self.of(who)
        self.move(user, -amount, "refund")
        player.balance = max((player.balance or 0) - amount, 0)

    def move(self, user: str, amount: int, kind: str) -> None:
        order = self.one(ORDER, user)
        self.one(MOVE, user, amount, kind, order, max(-amount, 0))

    def found(self) -> dict[str, tuple[int | None, Counter[int]]]:
        """By player: the balance, where ledger and purse agree, and the items."""
        purses = self.db.execute(FACTS).fetchall()
        assert all(balance == unspent == ledger for _, balance, unspent, ledger in purses)
        balances = {str(user): balance for user, balance, *_ in purses}
        owned = {user: Counter[int]() for user in self.players}
        for user, item in self.db.execute("select user_id::text, item_id::text from user_items"):
            if user in owned:
                owned[user][self.items.index(item)] += 1
        return {user: (balances.get(user), owned[user]) for user in self.players}


@pytest.fixture
def db(database_url: str) -> Iterator[Sync]:
    with psycopg.connect(database_url) as connection:
        yield connection


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.lists(step, max_size=30))
def test_any_order_of_changes_leaves_a_ledger_that_is_the_balance(db: Sync, steps: list[tuple[Any, ...]]) -> None:
    db.rollback()  # what the example before left
    shop = Shop(db)
    for kind, *arguments in steps:
        do: Callable[..., None] = getattr(shop, kind)
        do(*arguments)
    assert shop.found() == {user: (player.balance, player.items) for user, player in shop.players.items()}


def test_changes_at_the_same_time_leave_a_ledger_that_is_the_balance(db: Sync, database_url: str) -> None:
    shop = Shop(db)
    db.commit()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        paid = list(pool.map(lambda seed: disturb(database_url, shop, Random(seed)), range(AT_ONCE)))  # noqa: S311
    found = shop.found()
    assert sum(sum(items.values()) for _, items in found.values()) == sum(paid) > 0
    assert all((balance or 0) >= 0 for balance, _ in found.values())


def disturb(url: str, shop: Shop, source: Random) -> int:
    """What one program does, one transaction after the other; how many purchases went well."""
    went_well = 0
    with psycopg.connect(url, autocommit=True) as db:
        for _ in range(STEPS):
            user, whom = source.sample(list(shop.players), 2)
            kind, amount = source.choice(["buy", "give", "credit", "refund"]), source.randint(1, 60)
            if kind in {"buy", "give"}:
                recipient = whom if kind == "give" else None
                asked = [user, source.choice(shop.items), kind == "give", recipient, None]
                [answer] = db.execute(BUY, asked).fetchone() or ({},)
                went_well += answer["success"]
            else:
                [order] = db.execute("insert into orders (user_id) values (%s) returning id", [user]).fetchone() or [
                    None
                ]
                signed = amount if kind == "credit" else -amount
                db.execute(MOVE, [user, signed, kind, order, max(-signed, 0)])
    return went_well
