"""Alerts to an operator's webhook: Slack, Discord, or JSON that is signed by Standard Webhooks 1.0.0.

Sources: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (text with &, < and > escaped),
discord.com/developers/docs/resources/webhook#execute-webhook (2,000 characters),
github.com/standard-webhooks/standard-webhooks (410: stop; the id stays the same over retries).
A second copy does no harm and has the id of the first, so a lost answer is no doubt. One target's trouble is its own:
no fate here closes the queue for the others.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from shared import http_guarded, standard_webhooks
from shared.http_guarded import BarredError
from shared.outcome import Dead, Done, Fate, Retry, Snooze
from shared.queue.tables import Alert
from shared.settings import Settings

TIMEOUT = 5.0  # seconds for an answer
WAIT = 60.0  # seconds, where a receiver asks for a pause and names no time
LONGEST = 24 * 3600.0  # seconds; no pause of a receiver's is longer
SLACK = ("hooks.slack.com", "hooks.slack-gov.com")
DISCORD = ("discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com")
DISCORD_TEXT = 2000  # characters
Verdict = Callable[[str, httpx.Response], Fate]


def done(_why: str, _answer: httpx.Response) -> Fate:
    return Done()


def dead(why: str, _answer: httpx.Response) -> Fate:
    return Dead(why)


def retry(why: str, _answer: httpx.Response) -> Fate:
    return Retry(why)


def pause(why: str, answer: httpx.Response) -> Fate:
    return Snooze(after(answer) or later(WAIT), why, whole_channel=True)


def pause_or_retry(why: str, answer: httpx.Response) -> Fate:
    return pause(why, answer) if after(answer) else retry(why, answer)


# HTTP status, then class of status -> fate.
FATES: dict[int, Verdict] = {
    400: dead,  # the same body would be refused again
    410: dead,  # the receiver wants no more of these
    413: dead,
    422: dead,
    429: pause,
    503: pause_or_retry,
}
CLASSES: dict[int, Verdict] = {2: done}  # all others: the address, or what is behind it, may be mended meanwhile


def fate(answer: httpx.Response) -> Fate:
    """What an answer means for the alert."""
    verdict = FATES.get(answer.status_code) or CLASSES.get(answer.status_code // 100, retry)
    return verdict(f"the receiver answered {answer.status_code}", answer)


def after(answer: httpx.Response) -> datetime | None:
    """The time that `retry-after` names, in seconds or as a date; None if it names none."""
    text = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return later(float(text))
    try:
        named = parsedate_to_datetime(text)
    except ValueError:
        return None
    return min(named.replace(tzinfo=named.tzinfo or UTC), later(LONGEST))


def later(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=min(seconds, LONGEST))


class AlertWebhook:
    """Posts alerts. One instance serves concurrent sends; close it."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient | None = None) -> None:
        secret = settings.alert_webhook_secret
        self.http = http or http_guarded.client(private=settings.alert_allow_private)
        self.key = None if secret is None else standard_webhooks.key(secret)
        self.console = settings.console

    async def send(self, url: str, alert: Alert) -> Fate:
        """Post one alert to one receiver. Never raises for what a receiver may do."""
        body = json.dumps(shape(url, alert, self.console)).encode()
        headers = {"content-type": "application/json", **self.signature(alert, body)}
        try:
            answer = await self.http.post(url, content=body, headers=headers, timeout=TIMEOUT)
        except BarredError as error:
            return Retry(str(error))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Retry(f"no answer ({type(error).__name__})")
        return fate(answer)

    async def close(self) -> None:
        await self.http.aclose()

    def signature(self, alert: Alert, body: bytes) -> dict[str, str]:
        """Headers by Standard Webhooks, their id the row's; none without a secret."""
        if self.key is None:
            return {}
        identifier, at = f"msg_{alert.id.hex}", int(datetime.now(UTC).timestamp())
        signed = standard_webhooks.sign(self.key, identifier, at, body)
        return {"webhook-id": identifier, "webhook-timestamp": str(at), "webhook-signature": signed}


def shape(url: str, alert: Alert, console: str) -> dict[str, Any]:
    """The body that the receiver at this address understands; the same for every attempt."""
    host, told = urlsplit(url).hostname or "", text(alert, console)
    if host in SLACK:
        return {"text": told.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}
    if host in DISCORD:
        return {"content": told[:DISCORD_TEXT], "allowed_mentions": {"parse": []}}
    parts = {"kind": alert.kind, "cause": alert.cause, "summary": alert.summary, "advice": alert.advice}
    times = {"since": alert.since.isoformat(), "at": alert.created_at.isoformat()}
    return {**parts, **times, "url": link(alert, console), "text": told}


def text(alert: Alert, console: str) -> str:
    """What a person reads: what is wrong, since when, what to do, where to look."""
    since = f"{alert.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    when = f"Since {since}." if alert.kind == "alarm" else f"It was wrong since {since}."
    return " ".join(filter(None, (alert.summary, when, alert.advice, link(alert, console))))


def link(alert: Alert, console: str) -> str:
    return f"{console}{alert.page}"
