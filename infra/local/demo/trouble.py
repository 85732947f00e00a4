"""What goes wrong during the storm, in order."""

import asyncio
from collections.abc import Callable
from typing import Any

import psycopg

from infra.local.demo import plan
from infra.local.demo.check import until
from infra.local.demo.replies import tag_of
from infra.local.stack import Stack
from infra.local.twins import TwinClient

Connection = psycopg.AsyncConnection[Any]
IN_FLIGHT = 5  # rows at least that the kill must hit


class Trouble:
    """Makes it, and remembers which rows were in flight at the kill."""

    def __init__(self, stack: Stack, telegram: TwinClient, tell: Callable[[str], None]) -> None:
        self.stack, self.telegram, self.tell = stack, telegram, tell
        self.in_flight: set[str] = set()

    async def strike(self, conn: Connection) -> None:
        await asyncio.sleep(2)
        self.tell(f"Telegram takes {plan.DROPPED} messages and hangs up, and {plan.HUNG} without a word")
        await self.telegram.fault("drop_after", times=plan.DROPPED)
        await self.telegram.fault("hang_after", times=plan.HUNG)
        await asyncio.sleep(4)
        await self.kill(conn)
        await asyncio.sleep(5)
        self.tell(f"Telegram throttles everybody for {plan.THROTTLED:.0f} s")
        await self.telegram.fault("throttle", seconds=plan.THROTTLED)
        await asyncio.sleep(4)
        self.tell(f"Telegram is down for {plan.OUTAGE:.0f} s")
        await self.telegram.fault("outage", mode="503", seconds=plan.OUTAGE)
        await asyncio.sleep(plan.OUTAGE)
        self.tell("Telegram is back")

    async def kill(self, conn: Connection) -> None:
        """Kill deliver-responses in the middle of a batch."""
        held = "select response_text from pending_responses where status = 'processing'"
        await until(conn, "select count(*) >= %s from pending_responses where status = 'processing'", [IN_FLIGHT])
        self.stack.kill("deliver-responses")
        self.in_flight = {tag_of(row[0]) for row in await (await conn.execute(held)).fetchall()}
        self.tell(f"kill -9 of deliver-responses with {len(self.in_flight)} replies in flight")
