"""A database that can be taken away: a way to PostgreSQL that is cut and mended."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class Way:
    """A TCP proxy.

    Attributes:
        url: the database behind it.
    """

    def __init__(self, database_url: str) -> None:
        self.target = conninfo_to_dict(database_url)
        self.database_url = database_url
        self.open_ones: set[asyncio.StreamWriter] = set()
        self.is_open = True

    async def start(self) -> None:
        self.server = await asyncio.start_server(self.carry, "127.0.0.1", 0)
        port = self.server.sockets[0].getsockname()[1]
        self.url = make_conninfo(self.database_url, host="127.0.0.1", port=port, sslmode="disable")

    async def stop(self) -> None:
        self.cut()
        self.server.close()

    def cut(self) -> None:
        """From now on nothing goes through."""
        self.is_open = False
        for writer in self.open_ones:
            writer.transport.abort()

    def mend(self) -> None:
        self.is_open = True

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.is_open:
            writer.transport.abort()
            return
        host, port = str(self.target["host"]), int(str(self.target.get("port", 5432)))
        opening = (
            asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
            if host.startswith("/")
            else asyncio.open_connection(host, port)
        )
        there_reader, there = await opening
        self.open_ones |= {writer, there}
        await asyncio.gather(pump(reader, there), pump(there_reader, writer))
        self.open_ones -= {writer, there}


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await source.read(65_536):
            sink.write(chunk)
            await sink.drain()
    sink.close()


@contextlib.asynccontextmanager
async def way(database_url: str) -> AsyncIterator[Way]:
    made = Way(database_url)
    await made.start()
    yield made
    await made.stop()
