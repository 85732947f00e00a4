"""One failed webhook: its event as it was sent, applied again, and the fate of that."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from shared.errors import BadRequestError, NightshiftError, UnavailableError
from shared.limits import Permit
from shared.outcome import Dead, Done, Down, Fate, Retry, Snooze
from shared.providers.stripe import Event, read
from shared.queue import WebhookRetry
from shared.stripe.facts import ImpossibleError
from shared.stripe.intake import Intake, reason

BUSY = timedelta(seconds=5)  # longer than any webhook may take
NO_HANDLER = "webhooks of this type have no handler"


class Reprocess:
    """Works rows of `webhook_retry_queue`."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self.bodies: dict[str, Mapping[str, Any]] = {}

    def permits(self, row: WebhookRetry) -> list[Permit]:  # noqa: ARG002 - nobody is called
        return []

    async def screen(self, rows: Sequence[WebhookRetry]) -> Mapping[UUID, Fate]:
        """What another call has processed by now is done; of the others the bodies are kept for `send`."""
        found = await self.intake.bodies([row.webhook_event_id for row in rows])
        self.bodies.update(found)
        done = {event_id for event_id, event in found.items() if event["done"]}
        foreign: dict[UUID, Fate] = {row.id: Dead(NO_HANDLER) for row in rows if row.webhook_type != "stripe"}
        return {row.id: Done() for row in rows if row.webhook_event_id in done} | foreign

    async def send(self, row: WebhookRetry) -> Fate:
        """Apply one event. A failure names its kind, never the data."""
        try:
            verdict = await self.intake.apply(await self.event(row))
        except (ImpossibleError, BadRequestError) as error:
            return Dead(error.detail)
        except UnavailableError as error:
            return Down(error.detail)
        except (NightshiftError, psycopg.Error) as error:
            return Retry(reason(error))
        if verdict == "busy":
            return Snooze(datetime.now(UTC) + BUSY, "another call is processing it")
        return Done()

    async def event(self, row: WebhookRetry) -> Event:
        """The event as sent; that of a row which another program inserted is in its payload, and recorded first."""
        if kept := self.bodies.pop(row.webhook_event_id, None):
            return read(kept["raw_body"].encode())
        event = read(row.payload.encode())
        await self.intake.record(event, row.payload)
        return event
