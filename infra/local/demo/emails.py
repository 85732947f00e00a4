"""The emails of the demo: asked for over HTTP, checked against the mailbox."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import psycopg

from infra.local.demo import plan
from infra.local.demo.check import Check, arrived, equal, none
from infra.local.stack import Stack
from infra.local.twins import TwinClient

AT_ONCE = 8  # requests
HOT = "everyone@example.org"
PER_WINDOW, PER_RECIPIENT = int(plan.SETTINGS["EMAIL_PER_MINUTE"]), int(plan.SETTINGS["EMAIL_PER_RECIPIENT_PER_MINUTE"])
WINDOW = float(plan.SETTINGS["EMAIL_WINDOW"].removesuffix("s"))
LAG = 2.0  # seconds by which an arrival may follow the moment that its permit was for: a burst shares a few connections

Connection = psycopg.AsyncConnection[Any]


class Emails:
    """What was asked for, by subject."""

    def __init__(self, stack: Stack, http: httpx.AsyncClient, mailbox: TwinClient) -> None:
        self.stack, self.http, self.mailbox = stack, http, mailbox
        kinds = [("bounce", plan.BOUNCING), ("temp2", plan.TEMPORARY), ("drop1", plan.DROPPING)]
        odd = [f"{kind}+{number}@example.org" for kind, count in kinds for number in range(count)]
        self.silenced = [f"unsubscribed{number}@example.org" for number in range(plan.SUPPRESSED)]
        common = plan.EMAILS - plan.HOT_EMAILS - len(odd) - len(self.silenced)
        self.recipients = [
            *odd,
            *self.silenced,
            *[HOT] * plan.HOT_EMAILS,
            *[f"player{n}@example.org" for n in range(common)],
        ]
        self.refused = 0

    async def silence(self, conn: Connection) -> None:
        """Some recipients complained long ago."""
        async with conn.cursor() as cursor:
            await cursor.executemany(
                "insert into email_suppressions (address, reason, source) values (%s, 'complaint', 'demo')",
                [(address,) for address in self.silenced],
            )

    async def enqueue(self) -> None:
        """Ask send-email for each of them, and for the first ten twice with the same idempotency key."""
        gate = asyncio.Semaphore(AT_ONCE)
        asked = list(enumerate(self.recipients))
        await asyncio.gather(*(self._ask(gate, number, to) for number, to in asked + asked[:10]))

    async def _ask(self, gate: asyncio.Semaphore, number: int, to: str) -> None:
        body = {"to": to, "subject": f"Demo {number}", "html": f"<p>Number <b>{number}</b></p>", "email_type": "demo"}
        headers = {"authorization": f"Bearer {self.stack.service_key}", "idempotency-key": f"demo-{number}"}
        async with gate:
            answer = await self.http.post(self.stack.url("send-email"), json=body, headers=headers)
        self.refused += answer.status_code not in (200, 202)

    async def checks(self, conn: Connection) -> list[Check]:
        """What must hold, from the mailbox's record."""
        records = [each for each in await self.mailbox.records() if each["outcome"] == "delivered"]
        records = [each for each in records if str(each["subject"]).startswith("Demo ")]
        silent = {f"Demo {n}" for n, to in enumerate(self.recipients) if to.startswith("bounce") or to in self.silenced}
        wanted = {f"Demo {number}" for number in range(plan.EMAILS)} - silent
        found = Counter(each["subject"] for each in records)
        doubted = {f"Demo {n}" for n, to in enumerate(self.recipients) if to.startswith("drop")}
        repeated = {subject for subject, times in found.items() if times > 1}
        states = await status_counts(conn)
        return [
            equal("emails that send-email refused", 0, self.refused),
            arrived("emails arrived", len(wanted), wanted - set(found)),
            none("emails to suppressed or bouncing addresses", set(found) & silent),
            none(
                "emails sent twice although the mailbox had answered",
                repeated - doubted,
            ),
            equal("emails that bounced, dead-lettered at once", plan.BOUNCING, states.get("dead_letter", 0)),
            equal("emails suppressed", plan.SUPPRESSED, states.get("suppressed", 0)),
            none(f"windows of {WINDOW:.0f} s with over {PER_WINDOW} emails", crowded(records, PER_WINDOW)),
            none(
                f"windows with over {PER_RECIPIENT} to one address",
                crowded([each for each in records if each["to"] == [HOT]], PER_RECIPIENT),
            ),
        ]


async def status_counts(conn: Connection) -> dict[str, int]:
    statement = "select status, count(*) from email_queue where email_type = 'demo' group by status"
    return dict(await (await conn.execute(statement)).fetchall())


def crowded(records: list[dict[str, Any]], limit: int) -> list[float]:
    """Starts of windows that hold more than the limit."""
    times = sorted(each["wall"] for each in records)
    return [first for first, last in zip(times, times[limit:], strict=False) if last - first < WINDOW - LAG]
