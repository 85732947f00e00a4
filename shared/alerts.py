"""Alerts: what is wrong is noted once, and put into a queue for everybody who is told; `watch` sends it.

Once per cause and 15 minutes, with a recovery notice. Nobody waits for a receiver here, and no fault of an alert fails
what it is about. Only what cannot wait for the queue is posted at once: that the database or `watch` is away.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

from shared import causes, sql
from shared.causes import Cause
from shared.errors import NightshiftError
from shared.log import log

if TYPE_CHECKING:
    from shared.db import Session
    from shared.resources import Resources
    from shared.settings import Settings

QUIET = timedelta(minutes=15)  # between two alerts of one cause, at least
SQL = sql.beside(__file__, "alerts.sql")

_told: dict[str, float] = {}  # causes that this process told of while the database was away, and when


async def alarm(resources: "Resources", cause: Cause) -> bool:
    """Tell the operator, unless this cause was told of in the last 15 minutes. Answers whether it is told now."""
    way, targets = causes.way(cause.name), list(recipients(resources.settings))
    told: dict[str, Any] = {"cause": cause.name, "summary": cause.summary, "advice": cause.advice, "page": cause.page}
    try:
        queued = targets if way == "queue" else []
        state = await resources.db.row(
            SQL.alarm, **told, since=cause.since, quiet=QUIET, again=cause.again, targets=queued
        )
    except (NightshiftError, psycopg.Error) as error:
        log.error("alert state is out of reach", cause=error)
        if not _first(cause.name):
            return False
        way, state = "direct", {"since": cause.since or datetime.now(UTC)}
    if state is None:
        return False
    log.error("something is wrong", wrong=cause.name)
    if way == "direct":
        await _post(resources, cause, state["since"])
    return True


async def resolve(resources: "Resources", *names: str) -> list[str]:
    """Tell the operator that causes are gone, if they had been told of. Answers which ones those are."""
    told = [causes.recovery(name) for name in names if causes.way(name) != "note"]
    targets = list(recipients(resources.settings))
    try:
        gone = await resources.db.rows(SQL.resolve, causes=list(names), told=json.dumps(told), targets=targets)
    except (NightshiftError, psycopg.Error) as error:
        log.error("alert state is out of reach", cause=error)
        return []
    for row in gone:
        log.info("something is well again", well=row["cause"])
    return [row["cause"] for row in gone]


async def lasting(db: "Session", kinds: Iterable[str]) -> list[str]:
    """Causes of these kinds that were told of and are not over."""
    rows = await db.rows(SQL.lasting, kinds=list(kinds), repeatable=True)
    return [row["cause"] for row in rows]


def recipients(settings: "Settings") -> dict[str, str]:
    """The addresses that alerts are posted to, by the names that rows have for them: an address itself is a secret."""
    urls = [url.get_secret_value() for url in settings.alert_webhook_url]
    return {f"{urlsplit(url).hostname}#{hashlib.sha256(url.encode()).hexdigest()[:8]}": url for url in urls}


def _first(cause: str) -> bool:
    """Whether this process has not told of the cause in the last 15 minutes; the asking notes it."""
    now = time.monotonic()
    if now - _told.get(cause, float("-inf")) < QUIET.total_seconds():
        return False
    _told[cause] = now
    return True


async def _post(resources: "Resources", cause: Cause, since: datetime) -> None:
    """Post to everybody at once, past the queue. Who cannot be reached goes to the log."""
    from shared.outcome import Done  # noqa: PLC0415 - what follows is for the rare case, and takes a while to load
    from shared.providers.alert_webhook import AlertWebhook  # noqa: PLC0415
    from shared.queue.tables import Alert  # noqa: PLC0415

    parts = ("alarm", cause.name, cause.summary, cause.advice, cause.page, since)
    webhook = AlertWebhook(resources.settings)

    async def post(target: str, url: str) -> None:
        fate = await webhook.send(url, Alert(uuid4(), False, *parts, target, datetime.now(UTC)))  # noqa: FBT003 - a column
        if not isinstance(fate, Done):
            log.error("alert not sent", target=target, why=fate.why)

    await asyncio.gather(*(post(*each) for each in recipients(resources.settings).items()))
    await webhook.close()
