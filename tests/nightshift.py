"""What tests share: resources on the test's own services, calls of functions, rows to work on."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import DictRow

from shared.resources import Resources
from shared.settings import Settings
from shared.web import App, Request, Response

SERVICE_KEY = "test-key-of-thirty-two-characters"
Connection = psycopg.AsyncConnection[DictRow]


def settings(database_url: str, **overrides: Any) -> Settings:
    """Settings for a test: one pass, no lingering, this test's database."""
    values = {"database_url": database_url, "service_keys": SERVICE_KEY, "linger_seconds": 0, "log_level": "ERROR"}
    values |= {"alert_allow_private": True}  # receivers are on loopback
    return Settings.model_validate(values | overrides)


async def post(app: App, resources: Resources, body: Any = None, path: str = "/", key: str = SERVICE_KEY) -> Response:
    """Call a function as a scheduler or an admin would."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
    return await app(Request("POST", path, {"authorization": f"Bearer {key}"}, body=raw), resources)


def content(response: Response) -> Any:
    return json.loads(response.body)


async def user(conn: Connection, telegram_id: int | None = None) -> UUID:
    cursor = await conn.execute("insert into users (telegram_id) values (%s) returning id", [telegram_id])
    return UUID(str((await cursor.fetchone() or {})["id"]))


async def reply(conn: Connection, chat: int, text: str = "hello", *, due_in: float = -1.0) -> UUID:
    """A reply to a chat, due so many seconds from now, as another program would insert it."""
    owner = await conn.execute(
        "insert into users (telegram_id) values (%s) on conflict (telegram_id) do update set updated_at = now() "
        "returning id",
        [chat],
    )
    cursor = await conn.execute(
        "insert into pending_responses (user_id, telegram_chat_id, response_text, scheduled_at) "
        "values (%s, %s, %s, now() + %s) returning id",
        [(await owner.fetchone() or {})["id"], chat, text, timedelta(seconds=due_in)],
    )
    return UUID(str((await cursor.fetchone() or {})["id"]))


async def row(conn: Connection, table: str, identifier: UUID) -> dict[str, Any]:
    cursor = await conn.execute(
        psycopg.sql.SQL("select * from {} where id = %s").format(psycopg.sql.Identifier(table)), [identifier]
    )
    return await cursor.fetchone() or {}
