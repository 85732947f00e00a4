"""Conversations, as players have them through the function."""

from typing import Any
from uuid import UUID, uuid4

from functions.messages.main import app
from shared.resources import Resources
from shared.web import Response
from tests import players
from tests.nightshift import Connection, content


async def opened(resources: Resources, user: UUID, partner: UUID) -> str:
    """The id of the pair's conversation."""
    response = await players.ask(app, resources, user, "POST", body={"partner_id": str(partner)})
    return str(content(response)["id"])


async def send(
    resources: Resources, user: UUID, conversation: str, text: str = "hello", client_id: str | None = None
) -> Response:
    body = {"client_id": client_id or str(uuid4()), "content": text}
    return await players.ask(app, resources, user, "POST", f"/{conversation}/messages", body=body)


async def page(resources: Resources, user: UUID, conversation: str, **query: str) -> dict[str, Any]:
    path = f"/{conversation}/messages"
    found: dict[str, Any] = content(await players.ask(app, resources, user, "GET", path, query=query))
    return found


async def read(resources: Resources, user: UUID, conversation: str, up_to: int | None = None) -> Response:
    body = {"up_to": up_to} if up_to else None
    return await players.ask(app, resources, user, "PUT", f"/{conversation}/read", body=body)


async def listed(resources: Resources, user: UUID, **query: str) -> dict[str, Any]:
    found: dict[str, Any] = content(await players.ask(app, resources, user, "GET", query=query))
    return found


async def unread(resources: Resources, user: UUID) -> int:
    return int((await listed(resources, user))["total_unread"])


async def part(conn: Connection, one: UUID, other: UUID) -> None:
    """End a partnership, in the database."""
    await conn.execute(
        "delete from partnerships where least(requester_id, addressee_id) = least(%(a)s::uuid, %(b)s::uuid) "
        "and greatest(requester_id, addressee_id) = greatest(%(a)s::uuid, %(b)s::uuid)",
        {"a": one, "b": other},
    )
