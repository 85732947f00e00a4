"""Fires the schedules of the table as the clouds do: one HTTP call a tick, never waiting for the one before.

A call that met no function is repeated, or a daily task would wait for the next day. A tick is worked off once however
often it is fired, so a function that died while it worked may be called again too.
"""

import asyncio
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from aiohttp import ClientConnectionError, ClientError, ClientSession, ClientTimeout

from infra.local.logs import append
from infra.local.plan import Plan, remember, remembered
from shared.table import Entry

LONGEST_SLEEP = 15.0  # seconds; a clock that was set or a laptop that slept is noticed within
MARGIN = 30.0  # seconds more than the function's own timeout
AGAIN = (0.5, 1.0, 2.0, 5.0, 10.0)  # seconds before the n-th repetition of a call that met nobody
GIVE_UP = 600.0  # seconds of that


class Scheduler:
    """Runs until it is cancelled.

    Args:
        base: where the functions are, without a slash at the end.
        key: a service key.
        home: remembers the last ticks in `scheduler.json`, notes the calls in `logs/scheduler.log`.
    """

    def __init__(self, entries: Iterable[Entry], base: str, key: str, home: Path) -> None:
        self.base, self.key = base, key
        self.memory, self.log = home / "scheduler.json", home / "logs" / "scheduler.log"
        self.plan = Plan(entries, remembered(self.memory))
        self.calls: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Fire what is due, sleep until the next tick, for ever."""
        async with ClientSession() as session:
            try:
                while True:
                    pause = self.look(session)
                    await asyncio.sleep(pause)
            finally:
                for call in self.calls:
                    call.cancel()

    def look(self, session: ClientSession) -> float:
        """Fire what is due; seconds until there is something to do again. Never raises, since nobody watches."""
        try:
            self.fire_due(session, datetime.now(UTC))
            return self.pause(datetime.now(UTC))
        except Exception as error:
            append(self.log, severity="ERROR", message="failed", error=f"{type(error).__name__}: {error}")
            return LONGEST_SLEEP

    def pause(self, now: datetime) -> float:
        """Seconds to the next tick, or less."""
        tick = self.plan.next_tick(now)
        return LONGEST_SLEEP if tick is None else min((tick - now).total_seconds(), LONGEST_SLEEP)

    def fire_due(self, session: ClientSession, now: datetime) -> None:
        """Start one call for each task that is due.

        Remembered first: a crash does not fire a tick twice. Where that fails they are fired all the same, since a
        tick is worked off once however often it is fired.
        """
        due = list(self.plan.due(now))
        try:
            if due:
                remember(self.memory, self.plan.fired)
        except OSError as error:
            append(self.log, severity="ERROR", message="not remembered", error=str(error))
        for entry, tick in due:
            call = asyncio.create_task(self.fire(session, entry, tick))
            self.calls.add(call)
            call.add_done_callback(self.calls.discard)

    async def fire(self, session: ClientSession, entry: Entry, tick: datetime) -> None:
        """Call until somebody is there, or the next tick has come, or it has taken too long."""
        end = time.monotonic() + GIVE_UP
        for pause in chain(AGAIN, repeat(AGAIN[-1])):
            met = await self.call(session, entry, tick)
            if met or time.monotonic() + pause > end:
                return
            await asyncio.sleep(pause)
            if self.plan.fired.get(entry.name, tick) > tick:
                return

    async def call(self, session: ClientSession, entry: Entry, tick: datetime) -> bool:
        """One call; whether a function was there, even one that failed or took too long.

        The outcome goes to the log, since the function's own history has the details.
        """
        started, met = time.monotonic(), True
        body = {"scheduled_for": tick.strftime("%Y-%m-%dT%H:%M:%SZ"), "trigger": "schedule"}
        headers, timeout = {"Authorization": f"Bearer {self.key}"}, ClientTimeout(total=entry.timeout + MARGIN)
        outcome: dict[str, Any]
        try:
            async with session.post(f"{self.base}/{entry.name}", json=body, headers=headers, timeout=timeout) as answer:
                outcome = {"status": answer.status, "severity": "INFO" if answer.ok else "ERROR"}
                met = "Proxy-Status" not in answer.headers
                await answer.read()
        except (ClientError, TimeoutError) as error:
            outcome = {"error": type(error).__name__, "severity": "ERROR"}
            met = not isinstance(error, ClientConnectionError)
        self.note(entry, tick, {**outcome, "duration_ms": round(1000 * (time.monotonic() - started))})
        return met

    def note(self, entry: Entry, tick: datetime, outcome: dict[str, Any]) -> None:
        append(self.log, message="fired", task=entry.name, scheduled_for=tick.isoformat(), **outcome)
