"""A host on loopback that says, request by request, what a test gave it, byte by byte, and keeps what it heard."""

import asyncio
import socket
import ssl
import struct
from types import TracebackType
from typing import Self

SILENT = b""  # no answer at all
HANG_UP = b"\0hang up"  # at the end of an answer: close the connection after it
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
RESET = struct.pack("ii", 1, 0)  # linger for no time: a close is a reset


class Host:
    """An async context manager. The last of its answers stays.

    Attributes:
        connections: how many were made.
        heard: the requests, head and body.
        asked, left: set by a request, and by a connection that its client has ended.
    """

    def __init__(self, *answers: bytes, tls: ssl.SSLContext | None = None) -> None:
        self.answers, self.tls = list(answers) or [OK], tls
        self.connections, self.heard = 0, list[bytes]()
        self.asked, self.left = asyncio.Event(), asyncio.Event()
        self.sessions: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self.session, "127.0.0.1", 0, ssl=self.tls)
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f"https://localhost:{self.port}/" if self.tls else f"http://127.0.0.1:{self.port}/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.close()
        tasks = [task for task in self.sessions.values() if task]
        for writer in self.sessions:
            writer.transport.abort()
        await asyncio.gather(*tasks, return_exceptions=True)

    def hang_up(self) -> None:
        """End every connection now, within the machine, before either side's loop looks."""
        for writer in self.sessions:
            writer.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """End every connection the impolite way."""
        for writer in self.sessions:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()

    async def session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.sessions[writer] = asyncio.current_task()
        try:
            while await self.answered(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            self.left.set()
        finally:
            del self.sessions[writer]
            writer.close()

    async def answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Hear one request and answer it; whether the connection stays."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r")[0]
        self.heard.append(head + await reader.readexactly(int(length or 0)))
        self.asked.set()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        writer.write(answer.removesuffix(HANG_UP))
        await writer.drain()
        return not answer.endswith(HANG_UP)
