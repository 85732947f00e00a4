"""Events that arrive while a statement is under way go out together in the next one: one round trip, one commit."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from shared import sql
from shared.db import Database

MOST = 32  # events in one statement
ALONE = 0.2  # seconds for which the next ones wait for one that is alone on its way; it may wait for a lock itself
LAST_WORDS = 0.2  # seconds that cancelled work gets to give its locks back before it is left behind
SQL = sql.beside(__file__)
encode = json.JSONEncoder(default=str).encode
Params = dict[str, Any]


@dataclass(slots=True)
class Waiting:
    """One event: its parameters, what becomes of it, and its own statement, where it has one."""

    params: Params
    verdict: asyncio.Future[str | None]
    own: asyncio.Task[None] | None = None


class Crowd:
    """Takes events, together where they come together, each by itself where not."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.waiting: list[Waiting] = []
        self.flight: asyncio.Task[None] | None = None

    async def take(self, params: Params, seconds: float) -> str | None:
        """The verdict that `SQL.take` answers for this event. Raises what the statement raises.

        Raises:
            TimeoutError: after `seconds` at the latest.
        """
        loop = asyncio.get_running_loop()
        mine = Waiting(params, loop.create_future())
        self.waiting.append(mine)
        if self.flight is None:
            self.flight = asyncio.create_task(self._fly())
        alarm = loop.call_later(max(0.0, seconds - LAST_WORDS), settle, mine, TimeoutError())
        try:
            return await mine.verdict
        except (asyncio.CancelledError, TimeoutError):
            await self._leave(mine)
            raise
        finally:
            alarm.cancel()

    async def _leave(self, mine: Waiting) -> None:
        """Nobody waits for this event any more: it is not sent, or its own statement is given up."""
        if mine in self.waiting:
            self.waiting.remove(mine)
        elif mine.own:
            mine.own.cancel()
            await asyncio.wait({mine.own}, timeout=LAST_WORDS)

    async def _fly(self) -> None:
        try:
            while self.waiting:
                aboard, self.waiting = self.waiting[:MOST], self.waiting[MOST:]
                await self._send(aboard)
        finally:
            self.flight = None

    async def _send(self, events: Sequence[Waiting]) -> None:
        if len(events) > 1 and await self._together(events):
            return
        for one in events:
            one.own = asyncio.create_task(self._alone(one))
        await asyncio.wait([one.own for one in events if one.own], timeout=ALONE)

    async def _together(self, events: Sequence[Waiting]) -> bool:
        """Whether one statement did them all. Where one of them spoils it for all, it did none."""
        ordered = sorted(events, key=lambda each: str(each.params["event_id"]))  # so that two processes never cross
        told = encode([each.params for each in ordered])
        try:
            [[verdicts]] = await self.db.tuples(SQL.take_all, events=told)
        except Exception:  # whatever it was, those whom it concerns meet it again by themselves
            return False
        for each, verdict in zip(ordered, verdicts, strict=True):
            settle(each, verdict)
        return True

    async def _alone(self, one: Waiting) -> None:
        params = one.params
        documents = {"facts": encode(params["facts"]), "mail": encode(params["mail"]) if params["mail"] else None}
        try:
            row = await self.db.row(SQL.take, repeatable=True, **{**params, **documents})
            settle(one, row["verdict"] if row else None)
        except Exception as error:
            settle(one, error)


_crowds: WeakKeyDictionary[Database, Crowd] = WeakKeyDictionary()


def crowd(db: Database) -> Crowd:
    """The one crowd of a database's pool."""
    if db not in _crowds:
        _crowds[db] = Crowd(db)
    return _crowds[db]


def settle(one: Waiting, outcome: str | Exception | None) -> None:
    if one.verdict.done():
        return
    if isinstance(outcome, Exception):
        one.verdict.set_exception(outcome)
    else:
        one.verdict.set_result(outcome)
