"""Posting events to a webhook endpoint as Resend does, by way of Svix: signed, retried, each with an id of its own."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pydantic import SecretStr

from infra.local.twins.journal import Journal, Watch
from infra.local.twins.posting import Poster
from shared import standard_webhooks

RETRIES = (
    5.0,
    300.0,
    1800.0,
    7200.0,
    18_000.0,
    36_000.0,
    36_000.0,
)  # seconds; resend.com/docs/webhooks/retries-and-replays
TIMEOUT = 15.0  # seconds until an endpoint counts as silent; docs.svix.com/retries
# `bounced+anna@example.org`; resend.com/docs/dashboard/emails/send-test-emails has such addresses at resend.dev.
FATES = re.compile(r"(bounced|soft|complained)(\+[^@]*)?@")
BOUNCES = {
    "bounced": {"type": "Permanent", "subType": "General", "message": "The recipient's server takes no mail for it."},
    "soft": {"type": "Transient", "subType": "MailboxFull", "message": "The mailbox is full."},
}

Event = dict[str, Any]


class Webhooks(Poster):
    """Carries events to one endpoint, which asked for bounces and complaints alone."""

    def __init__(self, url: str, secret: str, watch: Watch, journal: Journal) -> None:
        super().__init__(url, retries=RETRIES, timeout=TIMEOUT)
        self._key = standard_webhooks.key(SecretStr(secret))
        self._watch, self._journal = watch, journal

    def tell(self, email_id: str, sent: dict[str, Any], recipients: Sequence[str]) -> None:
        """Start posting what becomes of an email that was taken, where its address says that something does."""
        for to in recipients:
            if match := FATES.match(to):
                self.emit(event(match[1], email_id, sent, to, datetime.fromtimestamp(self._watch.wall(), UTC)))

    def emit(self, event: Event, *, identifier: str | None = None) -> str:
        """Start posting an event; its id, which a repetition by hand keeps."""
        known = identifier or f"msg_{uuid4().hex}"
        self.launch(self.insist(lambda number: self._attempt(known, event, number)))
        return known

    async def _attempt(self, identifier: str, event: Event, number: int) -> bool:
        record = self._journal.add(kind="webhook", event_id=identifier, type=event["type"], attempt=number)
        body, at = json.dumps(event).encode(), int(self._watch.wall())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Svix-Webhooks/1.0",
            "svix-id": identifier,
            "svix-timestamp": str(at),
            "svix-signature": standard_webhooks.sign(self._key, identifier, at, body),
        }
        return await self.post(body, headers, record)


def event(fate: str, email_id: str, sent: dict[str, Any], to: str, at: datetime) -> Event:
    """resend.com/docs/webhooks/emails/bounced and /complained."""
    data = {
        "created_at": at.isoformat(),
        "email_id": email_id,
        "from": sent.get("from"),
        "to": [to],
        "subject": sent.get("subject"),
    }
    if fate in BOUNCES:
        data["bounce"] = BOUNCES[fate]
    kind = "email.bounced" if fate in BOUNCES else "email.complained"
    return {"type": kind, "created_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"), "data": data}
