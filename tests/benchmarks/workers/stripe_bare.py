"""The limit of the intake: an ASGI application that checks the signature and inserts one row, and nothing else."""

import hmac
import json
import os
import time
from collections.abc import Awaitable, Callable, MutableMapping
from hashlib import sha256
from typing import Any

from psycopg_pool import AsyncConnectionPool

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
INSERT = """
insert into bare_events (event_id, event_type, event_created, raw_body) values (%s, %s, to_timestamp(%s), %s)
on conflict do nothing
"""
TOLERANCE = 300  # seconds
KEPT = [(b"content-type", b"application/json"), (b"content-length", b"17")]
SECRET = os.environ["STRIPE_WEBHOOK_SECRETS"].encode()
pool = AsyncConnectionPool(
    os.environ["DATABASE_URL"], kwargs={"autocommit": True}, max_size=int(os.environ["DB_POOL_MAX"]), open=False
)


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """Answer one POST."""
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    body = await read(receive)
    status = 200 if signed(dict(scope["headers"])[b"stripe-signature"].decode(), body) else 400
    if status == 200:
        event = json.loads(body)
        async with pool.connection() as connection:
            values = event["id"], event["type"], event["created"], body.decode()
            await connection.execute(INSERT, values)
    await send({"type": "http.response.start", "status": status, "headers": KEPT})
    await send({"type": "http.response.body", "body": b'{"received":true}'})


async def live(receive: Receive, send: Send) -> None:
    """Hold the pool from the server's start to its end."""
    await receive()
    async with pool:
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def read(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    return body


def signed(header: str, body: bytes) -> bool:
    parts = dict(part.split("=", 1) for part in header.split(","))
    expected = hmac.new(SECRET, f"{parts['t']}.".encode() + body, sha256).hexdigest()
    return hmac.compare_digest(expected, parts["v1"]) and abs(time.time() - int(parts["t"])) <= TOLERANCE
