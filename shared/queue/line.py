"""The connection on which a waiting run hears rings (LISTEN): beside the pool, and only where sessions are kept."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any, LiteralString, cast
from uuid import uuid4

import psycopg
from psycopg import sql as pg

from shared import sql
from shared.db import Database
from shared.errors import UnavailableError
from shared.log import log
from shared.settings import Settings

CONNECT = 2  # seconds for a connection
ALIVE = 60  # seconds without a word until the system asks for a sign of life: gateways forget silent connections
ANSWER = 2.0  # seconds for a statement: while one hangs, nobody looks for rows
ECHO = 1.0  # seconds for a notification to come round
STAY = 0.02  # seconds for which those who insert still take a run for waiting that has found work
AGAIN = 1.0  # seconds until a connection that was lost is tried anew
SQL = sql.beside(__file__, "bell.sql")
LISTEN = pg.SQL("listen {}")  # takes no parameter
Connection = psycopg.AsyncConnection[tuple[Any, ...]]
FAULTS = (psycopg.Error, UnavailableError, TimeoutError)


class Line:
    """Opened while somebody listens for the first time, and again when it was lost; no fault of it is raised.

    Attributes:
        deaf: there is a pooler in between that keeps no session: nothing will ever be heard.
        waits: whether those who insert know that somebody waits.
    """

    def __init__(self, settings: Settings, db: Database, channel: str) -> None:
        self.db, self.channel = db, channel
        self.direct = settings.database_direct_url
        self.url = (self.direct or settings.database_url).get_secret_value()
        self.deaf = self.waits = self.noted = False
        self.retry_at = 0.0
        self.connection: Connection | None = None
        self.opening: asyncio.Task[Connection | None] | None = None
        self.parting: asyncio.TimerHandle | None = None
        self.leaving: asyncio.Task[Any] | None = None

    async def wait(self) -> None:
        """Tell those who insert that somebody waits from now on."""
        if self.parting:
            self.parting.cancel()
            self.parting = None
        if self.leaving:
            await self.leaving
            self.leaving = None
        if not self.waits:
            self.waits = await self._answer(SQL.wait) is True

    def leave(self) -> None:
        """Tell them that nobody does, unless somebody soon waits again: a single row is done by then."""
        if self.waits:
            self.parting = asyncio.get_running_loop().call_later(STAY, self._leave)

    async def heard(self, seconds: float) -> bool:
        """Listen for so long: whether it rang, or may have rung unheard, since the line came up or broke just now."""
        if self.connection is None:
            return await self._opened(seconds)
        try:
            return bool([ring async for ring in self.connection.notifies(timeout=seconds, stop_after=1)])
        except FAULTS as error:
            await self._lost(error)
            return True

    async def close(self) -> None:
        if self.parting:
            self.parting.cancel()
        if self.opening:
            self.opening.cancel()
        for task in filter(None, (self.opening, self.leaving)):
            await asyncio.wait({task})
        if self.connection:
            await self.connection.close()

    def _leave(self) -> None:
        self.waits, self.leaving = False, asyncio.create_task(self._answer(SQL.leave))

    async def _answer(self, statement: bytes) -> Any:
        """The one value of a statement; None where there is no connection."""
        if self.connection is None:
            return None
        try:
            async with asyncio.timeout(ANSWER):
                return await _value(self.connection, statement, channel=self.channel)
        except FAULTS as error:
            await self._lost(error)

    async def _opened(self, seconds: float) -> bool:
        """Wait for a connection for so long, but no longer: rows are looked for meanwhile."""
        if self.opening is None and not self.deaf and time.monotonic() >= self.retry_at:
            self.opening = asyncio.create_task(self._open())
        if self.opening is None:
            await asyncio.sleep(seconds)
        elif (await asyncio.wait({self.opening}, timeout=seconds))[0]:
            self.connection, self.opening = self.opening.result(), None
        return self.connection is not None

    async def _open(self) -> Connection | None:
        try:
            async with AsyncExitStack() as stack:
                connection = await psycopg.AsyncConnection.connect(
                    self.url, autocommit=True, connect_timeout=CONNECT, keepalives_idle=ALIVE
                )
                stack.push_async_callback(connection.close)
                self.deaf = not await self._hears(connection)
                if not self.deaf:
                    await self._listen(connection, self.channel)
                    stack.pop_all()
                    return connection
        except FAULTS as error:
            await self._lost(error)
        return None

    async def _hears(self, connection: Connection) -> bool:
        """Whether this connection keeps its session, so that it hears what others notify.

        A pooler gives its clients process numbers of its own. Of an address that was given for listening, a trial
        tells more: it may be a pooler that does keep sessions, or another database.
        """
        if self.direct is None:
            return bool(connection.info.backend_pid == await _value(connection, SQL.backend))
        probe = f"nightshift.{uuid4()}"
        await self._listen(connection, probe)
        await self.db.rows(SQL.strike, channel=probe, repeatable=True)
        heard = bool([ring async for ring in connection.notifies(timeout=ECHO, stop_after=1)])
        if not heard:
            log.warning("DATABASE_DIRECT_URL hears nothing of DATABASE_URL: rows are looked for instead")
        return heard

    async def _listen(self, connection: Connection, channel: str) -> None:
        async with asyncio.timeout(ANSWER):
            await connection.execute(LISTEN.format(pg.Identifier(channel)))

    async def _lost(self, error: Exception) -> None:
        """Give the connection up for a while, and say so once."""
        connection, self.connection, self.waits = self.connection, None, False
        self.retry_at = time.monotonic() + AGAIN
        if not self.noted:
            log.warning("the bell is out of order: rows are looked for instead", error_type=type(error).__name__)
        self.noted = True
        if connection:
            await connection.close()


async def _value(connection: Connection, statement: bytes, **params: Any) -> Any:
    cursor = await connection.execute(cast("LiteralString", statement), params)
    row = await cursor.fetchone()
    return row[0] if row else None
