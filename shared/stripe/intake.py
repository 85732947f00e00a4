"""Take Stripe's events in: keep each once, apply it once, queue it when that fails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg

from shared import sql
from shared.db import Database, Row, Transaction
from shared.errors import NightshiftError
from shared.providers.stripe import Event
from shared.stripe import facts
from shared.stripe.crowd import crowd
from shared.stripe.facts import Facts

ORPHANS = 500  # adopted by one pass at most
SQL = sql.beside(__file__)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the record says of an event.

    Attributes:
        new: this call recorded it; a duplicate is not.
        open: it is still to be processed.
    """

    new: bool
    open: bool


class Intake:
    """Everything that is done with an event, on one database.

    Attributes:
        delays: overrides the ladder of delays of the retry queue.
    """

    def __init__(self, db: Database, delays: Sequence[timedelta] | None = None) -> None:
        self.db, self.delays = db, list(delays) if delays else None

    async def take(self, event: Event, raw: str, seconds: float) -> str:
        """Keep an event and apply it, with the mail that follows from it, in one statement.

        Args:
            seconds: until then the answer is there, or a TimeoutError.

        Returns:
            `processed`; `ignored`: nothing is done for it; `duplicate`; `open`: it is kept and still to be applied.

        Raises:
            ImpossibleError: its data can never work; it is not kept.
            UnavailableError, psycopg.Error: it is not kept.
        """
        told = facts.read(event) if facts.known(event) else Facts(family=None)
        params = {**columns(event, raw), "family": told.family, "facts": told.facts, "mail": ahead(told)}
        verdict = await crowd(self.db).take(params, seconds)
        return verdict or "duplicate"  # another call is recording it, and will process it

    async def record(self, event: Event, raw: str) -> Recorded:
        """Keep an event, in a statement of its own. What has no effect here is acknowledged with it.

        Raises:
            UnavailableError: it could not be kept.
        """
        status = "received" if facts.known(event) else "ignored"
        row = await self.db.row(SQL.record, repeatable=True, **columns(event, raw), status=status)
        if row is None:  # recorded by another call in this very moment, which also processes it
            return Recorded(new=False, open=False)
        return Recorded(new=row["new"], open=row["status"] in ("received", "failed"))

    async def apply(self, event: Event) -> str:
        """Apply a recorded event with all its effects, in one transaction.

        Returns:
            `processed`; `done` if it was before; `busy` while another call is at it.

        Raises:
            ImpossibleError: its data can never work.
            UnavailableError, psycopg.Error: it did not work this time.
        """
        told = facts.read(event)
        async with self.db.transaction() as transaction:
            [row] = await transaction.rows(SQL.apply, event_id=event.id, family=told.family, facts=told.json())
            await notify(transaction, row, told)
        return str(row["verdict"])

    async def queue(self, event: Event, error: BaseException) -> None:
        """Put an event that failed into the retry queue, once, due after the ladder's first delay."""
        await self.db.rows(SQL.queue, repeatable=True, event_id=event.id, error=reason(error), delays=self.delays)

    async def adopt(self) -> int:
        """Queue events that were recorded and then forgotten: their process died. Answers how many."""
        row = await self.db.row(SQL.adopt, page=ORPHANS)
        return row["adopted"] if row else 0

    async def bodies(self, event_ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """Recorded events by id: `raw_body`, and whether they are `done`."""
        rows = await self.db.rows(SQL.bodies, repeatable=True, event_ids=list(event_ids))
        return {row["event_id"]: row for row in rows}

    async def unknown(self, event_ids: Sequence[str]) -> set[str]:
        """Those of these ids that were never recorded."""
        rows = await self.db.rows(SQL.unknown, repeatable=True, event_ids=list(event_ids))
        return {row["event_id"] for row in rows}


def ahead(told: Facts) -> dict[str, Any] | None:
    """The mail that is likely to follow from an event, written before the database says what it knows."""
    if told.notice is None:
        return None
    from shared.stripe import mails  # noqa: PLC0415 - a template engine, for few of all events

    return mails.ahead(told.notice, told.mail or told.facts)


async def notify(transaction: Transaction, applied: Row, told: Facts) -> None:
    """Put the mail into the queue that an applied event asks for, if any."""
    if applied["notice"]:
        from shared.stripe import mails  # noqa: PLC0415 - a template engine, for few of all events

        await mails.put(transaction, applied["notice"], applied["order_id"], told.mail)


def columns(event: Event, raw: str) -> dict[str, Any]:
    """What the record of an event says, by the names that the statements use."""
    return {
        "event_id": event.id,
        "event_type": event.type,
        "api_version": event.api_version,
        "object_id": event.object_id,
        "livemode": event.livemode,
        "event_created": event.created,
        "raw_body": raw,
    }


def reason(error: BaseException) -> str:
    """Why it failed, in a word or two: our own sentences, else the kind of error. Texts of others may quote data."""
    if isinstance(error, psycopg.errors.ForeignKeyViolation):
        return "the user that it names does not exist"
    if isinstance(error, NightshiftError):
        return error.detail
    return type(error).__name__
