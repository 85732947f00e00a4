"""Every route that takes a player's token, and how a stranger calls it with what belongs to somebody else.

A route that comes new to a function is found by itself. The ids of its path and its body have to be named here: until
then its test fails.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg.sql import SQL, Identifier

from shared import identity, table
from shared.web import Route
from tests import lives
from tests.browser.serving import function
from tests.nightshift import Connection

SECRET_WORDS = "known-to-the-owner-alone"  # in every text of theirs
NOBODYS = {"rate_limit_counters"}  # tables that any call may write to


@dataclass(frozen=True)
class World:
    """Somebody with something everywhere, and somebody who has nothing to do with them.

    Attributes:
        ids: of the owner's rows, by what they are.
    """

    owner: UUID
    stranger: UUID
    ids: Mapping[str, UUID]


@dataclass(frozen=True)
class Attempt:
    """How a stranger calls a route.

    Attributes:
        body: its JSON, with the owner's ids wherever ids go.
        adds: tables to which the stranger may add rows of their own by this.
        refused: the statuses of a refusal.
    """

    body: Callable[[World], Any] = lambda _: None
    adds: frozenset[str] = frozenset()
    refused: frozenset[int] = field(default_factory=lambda: frozenset({403, 404}))


IN_PATH: Mapping[tuple[str, str], str] = {  # what a path's parameter names, as World.ids calls it
    ("partners", "request"): "request",
    ("partners", "user"): "user",
    ("register-device", "device"): "device",
    ("messages", "conversation"): "conversation",
}
BODIES: Mapping[tuple[str, str, str], Attempt] = {
    ("shop", "POST", "/buy"): Attempt(lambda world: {"item_id": str(world.ids["item"])}, refused=frozenset({409})),
    ("shop", "POST", "/gift"): Attempt(
        lambda world: {"item_id": str(world.ids["item"]), "recipient_id": str(world.owner)}
    ),
    ("shop", "POST", "/gifts/seen"): Attempt(lambda world: {"ids": [str(world.ids["belonging"])]}),
    ("partners", "POST", "/requests"): Attempt(  # to ask a stranger is what it is for
        lambda world: {"user_id": str(world.owner)}, adds=frozenset({"partnerships"})
    ),
    ("partners", "POST", "/requests/{request}/respond"): Attempt(lambda _: {"accept": True}),
    ("analytics", "POST", "/events"): Attempt(
        lambda _: {"events": [{"id": "one", "session_id": "one", "event_type": "opened"}]},
        adds=frozenset({"session_analytics_events"}),
    ),
    ("register-device", "POST", "/"): Attempt(
        lambda _: {"platform": "web", "address_kind": "registration_token", "push_token": "of-the-stranger"},
        adds=frozenset({"user_devices"}),
    ),
    ("messages", "POST", "/"): Attempt(lambda world: {"partner_id": str(world.owner)}),
    ("messages", "POST", "/{conversation}/messages"): Attempt(
        lambda _: {"client_id": str(uuid4()), "content": "Let me in."}
    ),
    ("messages", "PUT", "/{conversation}/read"): Attempt(lambda _: {"up_to": 1}),
}


def routes() -> list[tuple[str, Route]]:
    """Every route of every function that a player's token opens."""
    return [(name, route) for name in table.load() for route in function(name).routes if route.guard is identity.user]


def named(found: tuple[str, Route]) -> str:
    name, route = found
    return f"{route.method} /{name}{route.template.rstrip('/')}"


def path(name: str, route: Route, world: World) -> str:
    """The route's path with the owner's ids in it.

    Raises:
        KeyError: nobody has said what a parameter names.
    """
    ids = {word: world.ids[IN_PATH[name, word]] for word in route.pattern.groupindex}
    return f"/{name}" + route.template.format(**ids)


def attempt(name: str, route: Route) -> Attempt:
    """How the route is called.

    Raises:
        KeyError: it has a body, and nobody has said which.
    """
    key = (name, route.method, route.template)
    return BODIES[key] if route.body else BODIES.get(key, Attempt())


async def made(conn: Connection) -> World:
    """The owner's rows, one of each kind at least."""
    owner, friend, stranger = [await lives.player(conn, SECRET_WORDS) for _ in range(3)]
    await conn.execute("update users set display_name = 'Stranger' where id = %s", [stranger])
    await lives.partnered(conn, owner, friend)
    await lives.recapped(conn, owner, SECRET_WORDS)
    item = await lives.item(conn, "Lamp", 4)
    ids = {
        "user": owner,
        "friend": friend,
        "item": item,
        "conversation": await lives.talked(conn, friend, owner, SECRET_WORDS),
        "belonging": await lives.one(
            conn,
            "insert into user_items (user_id, item_id, acquisition_type, gifted_by, gift_message) "
            "values (%s, %s, 'gift', %s, %s) returning id",
            owner,
            item,
            friend,
            SECRET_WORDS,
        ),
        "request": await lives.one(
            conn,
            "insert into partnerships (requester_id, addressee_id) values (%s, %s) returning id",
            await lives.player(conn, SECRET_WORDS),
            owner,
        ),
        "device": await lives.one(
            conn,
            "insert into user_devices (user_id, platform, address_kind, push_token) "
            "values (%s, 'web', 'registration_token', %s) returning id",
            owner,
            SECRET_WORDS,
        ),
    }
    await conn.execute(
        "insert into session_analytics_events (user_id, session_id, event_type, created_at) values (%s, %s, 'x', %s)",
        [owner, SECRET_WORDS, datetime.now(UTC)],
    )
    return World(owner, stranger, ids)


async def everything(conn: Connection) -> dict[str, set[str]]:
    """Every row of every table, as text."""
    cursor = await conn.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') "
        "and not relispartition"
    )
    tables = {str(row["relname"]) for row in await cursor.fetchall()} - NOBODYS
    return {name: await rows(conn, name) for name in sorted(tables)}


async def rows(conn: Connection, name: str) -> set[str]:
    cursor = await conn.execute(SQL("select to_jsonb(t) as row from {} t").format(Identifier(name)))
    return {json.dumps(row["row"], sort_keys=True) for row in await cursor.fetchall()}


Everything = dict[str, set[str]]


def changes(before: Everything, after: Everything) -> dict[str, tuple[set[str], set[str]]]:
    """What went and what came, by table."""
    return {
        name: (before[name] - after[name], after[name] - before[name]) for name in before if before[name] != after[name]
    }
