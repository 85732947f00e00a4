"""Alerts to an operator's webhook (Slack, Discord, generic JSON): once per cause and 15 minutes, and a recovery notice.

An alert that cannot be sent is logged and never fails what it is about.
"""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

from shared import sql, standard_webhooks
from shared.errors import NightshiftError
from shared.log import log

if TYPE_CHECKING:
    from pydantic import SecretStr

    from shared.resources import Resources

QUIET = timedelta(minutes=15)  # between two alerts of one cause
TIMEOUT = 5.0  # seconds
SQL = sql.beside(__file__, "alerts.sql")

_told: dict[str, float] = {}  # causes that this process told of while the database was away, and when


async def alarm(resources: "Resources", *, cause: str, text: str) -> bool:
    """Tell the operator, unless this cause was told of in the last 15 minutes. Answers whether it was sent now."""
    return await _tell(resources, SQL.alarm, cause=cause, text=text, kind="alarm")


async def resolve(resources: "Resources", *, cause: str, text: str) -> bool:
    """Tell the operator that a cause is gone, if it had been told of. Answers whether it was sent now."""
    return await _tell(resources, SQL.resolve, cause=cause, text=text, kind="recovery")


async def _tell(resources: "Resources", statement: bytes, *, cause: str, text: str, kind: str) -> bool:
    url = resources.settings.alert_webhook_url
    if url is None or not await _due(resources, statement, cause):
        return False
    message = {"kind": kind, "cause": cause, "text": text, "at": datetime.now(UTC).isoformat()}
    return await _post(resources, url.get_secret_value(), message)


async def _due(resources: "Resources", statement: bytes, cause: str) -> bool:
    """Ask and note in one statement, so that of many instances one tells. Without a database, each process tells."""
    try:
        return await resources.db.row(statement, cause=cause, quiet=QUIET) is not None
    except (NightshiftError, psycopg.Error) as error:
        log.error("alert state is out of reach", cause=error)
        return statement is SQL.alarm and _first(cause)


def _first(cause: str) -> bool:
    """Whether this process has not told of the cause in the last 15 minutes; the asking notes it."""
    now = time.monotonic()
    if now - _told.get(cause, float("-inf")) < QUIET.total_seconds():
        return False
    _told[cause] = now
    return True


async def _post(resources: "Resources", url: str, message: dict[str, Any]) -> bool:
    import httpx  # noqa: PLC0415 - not every function calls out

    try:
        body = json.dumps(shape(url, message)).encode()
        headers = {"content-type": "application/json", **signature(resources.settings.alert_webhook_secret, body)}
        response = await resources.http.post(url, content=body, headers=headers, timeout=TIMEOUT)
        response.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # ValueError: an address or a secret that is none
        log.error("alert not sent", cause=error)
        return False
    return True


def shape(url: str, message: dict[str, Any]) -> dict[str, Any]:
    """The body that the receiver at this address understands."""
    host = urlsplit(url).hostname or ""
    if host == "hooks.slack.com":
        return {"text": message["text"]}
    if host in ("discord.com", "discordapp.com"):
        return {"content": message["text"], "allowed_mentions": {"parse": []}}
    return message


def signature(secret: "SecretStr | None", body: bytes) -> dict[str, str]:
    """Headers by Standard Webhooks 1.0.0; none without a secret (`whsec_` and base64)."""
    if secret is None:
        return {}
    key = standard_webhooks.key(secret)
    identifier, at = f"msg_{uuid4().hex}", int(datetime.now(UTC).timestamp())
    signed = standard_webhooks.sign(key, identifier, at, body)
    return {"webhook-id": identifier, "webhook-timestamp": str(at), "webhook-signature": signed}
