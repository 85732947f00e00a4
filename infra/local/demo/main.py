"""`make demo`: replies, emails and payments under real limits and real trouble, then a night of recaps and decay.

Exit 0 only if all of it held.
"""

import asyncio
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from infra.local.demo import plan
from infra.local.demo.check import Check
from infra.local.demo.crew import Crew
from infra.local.demo.emails import Emails
from infra.local.demo.night import Night, Zone
from infra.local.demo.payments import Payments
from infra.local.demo.replies import Replies
from infra.local.demo.report import Report
from infra.local.demo.trouble import Trouble
from infra.local.stack import Stack
from infra.local.twins import TwinClient

POLL = 0.5  # seconds between looks at how far it is
CALLS = httpx.Limits(max_connections=40)

LEFT = b"""
select 'replies', count(*) from pending_responses where finished_at is null
union all select 'emails', count(*) from email_queue where finished_at is null
union all select 'webhook retries', count(*) from webhook_retry_queue where finished_at is null
"""

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was claimed and found, what the night did in each time zone, and the seconds that all of it took."""

    checks: list[Check]
    zones: list[Zone]
    seconds: float

    @property
    def held(self) -> bool:
        return all(check.held for check in self.checks)

    def summary(self) -> dict[str, Any]:
        """The outcome for programs."""
        return {
            "held": self.held,
            "seconds": round(self.seconds, 1),
            "checks": [asdict(check) for check in self.checks],
            "night": [asdict(zone) for zone in self.zones],
        }


class Demo:
    """One run, on a stack and data of its own."""

    def __init__(self, stack: Stack, report: Report, http: httpx.AsyncClient, conn: Connection) -> None:
        self.stack, self.report, self.conn = stack, report, conn
        self.telegram = TwinClient(stack.env["TELEGRAM_API_BASE"])
        self.mailbox = TwinClient(f"http://127.0.0.1:{stack.ports.mail}")
        self.stripe = TwinClient(stack.env["STRIPE_API_BASE"])
        self.claude = TwinClient(stack.env["ANTHROPIC_BASE_URL"])
        self.crew = Crew(stack, http)
        self.replies = Replies(self.telegram)
        self.emails = Emails(stack, http, self.mailbox)
        self.trouble = Trouble(stack, self.telegram, report.tell)
        self.http = http

    async def run(self) -> Outcome:
        """Everything, in order."""
        await self.replies.people(self.conn)
        await self.emails.silence(self.conn)
        self.payments = Payments(self.stack, self.http, self.stripe, list(self.replies.users.values()))
        self.payments.compose()
        async with self.crew.at_work():
            watching = asyncio.create_task(self.watch())
            await self.calm()
            await asyncio.gather(self.storm(), self.others())
            await self.finished()
            watching.cancel()
            await self.look(self.conn)
        checks = await self.checks()
        night = Night(self.crew, self.conn, self.telegram, self.claude, self.report.tell)
        async with self.crew.at_work():
            await night.fall()
        checks += await night.checks()
        return Outcome(checks, await night.table(), time.monotonic() - self.report.began)

    async def calm(self) -> None:
        """Replies at an even pace and nothing else, to measure how late they are."""
        seconds = await self.replies.enqueue_calm(self.conn)
        self.report.tell(f"{plan.CALM_REPLIES} replies, {plan.CALM_RATE:.0f} a second: how late do they go out?")
        await asyncio.sleep(seconds + 0.5)

    async def storm(self) -> None:
        self.report.tell(f"{plan.STORM_REPLIES} replies to {plan.CHATS} chats, all due at once")
        await self.replies.enqueue_storm(self.conn)
        await self.trouble.strike(self.conn)

    async def others(self) -> None:
        """Emails and payments meanwhile."""
        self.report.tell(f"{plan.EMAILS} emails and {len(self.payments.events)} Stripe events meanwhile")
        await asyncio.gather(self.emails.enqueue(), self.payments.post())
        await self.payments.let_in(self.conn)
        answer = await self.crew.fire("reconcile-stripe")
        self.report.tell(f"reconcile-stripe found what Stripe had withheld: {(answer or {}).get('processed')} events")

    async def watch(self) -> None:
        """Move the bars."""
        async with await psycopg.AsyncConnection.connect(self.stack.database_url, autocommit=True) as conn:
            while True:
                await self.look(conn)
                await asyncio.sleep(POLL)

    async def look(self, conn: Connection) -> None:
        for name, total, done in await progress(conn, len(self.payments.events)):
            self.report.bar(name, total, done)

    async def finished(self) -> None:
        """Until no queue has anything left, or the time is up."""
        while time.monotonic() - self.report.began < plan.END:
            left = {name: rows for name, rows in await (await self.conn.execute(LEFT)).fetchall() if rows}
            if not left:
                return
            await asyncio.sleep(POLL)
        self.report.tell(f"Not everything was done in time: {left} left")

    async def checks(self) -> list[Check]:
        return [
            *await self.replies.checks(self.conn, self.trouble.in_flight),
            *await self.replies.lateness(),
            *await self.emails.checks(self.conn),
            *await self.payments.checks(self.conn),
        ]

    async def close(self) -> None:
        for client in (self.telegram, self.mailbox, self.stripe, self.claude):
            await client.aclose()


async def progress(conn: Connection, events: int) -> list[tuple[str, int, int]]:
    """How far each part is: name, all, done."""
    statement = (
        "select (select count(*) from pending_responses where status not in ('pending', 'processing')),"
        " (select count(*) from email_queue where status not in ('pending', 'processing')),"
        " (select count(*) from webhook_events where status in ('processed', 'ignored'))"
    )
    [(replies, emails, done)] = await (await conn.execute(statement)).fetchall()
    return [
        ("replies settled", plan.CALM_REPLIES + plan.STORM_REPLIES, replies),
        ("emails settled", plan.EMAILS, emails),
        ("Stripe events", events, done),
    ]


async def perform(home: Path, port: int, *, quiet: bool = False, keep: bool = False) -> Outcome:
    """Run the demo on fresh data.

    Args:
        home: where its data go; what an earlier demo left there is deleted.
        port: where the functions are served; 0 for any.
        quiet: show nothing.
        keep: leave the stack running afterwards, until Ctrl-C.
    """
    shutil.rmtree(home, ignore_errors=True)
    report = Report(quiet=quiet)
    async with (
        Stack(home, port, env=plan.SETTINGS, scheduler=False, samples=False) as stack,
        httpx.AsyncClient(limits=CALLS, timeout=60, trust_env=False) as http,
        await psycopg.AsyncConnection.connect(stack.database_url, autocommit=True) as conn,
    ):
        report.tell("PostgreSQL, Valkey, the providers' twins and every function are up, each in a process of its own")
        demo = Demo(stack, report, http, conn)
        with report:
            outcome = await demo.run()
        await demo.close()
        report.checks(outcome.checks)
        report.night(outcome.zones)
        report.look(home, stack.port, outcome.seconds, held=outcome.held)
        if keep:
            await asyncio.Event().wait()
        return outcome
