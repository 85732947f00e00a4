"""An SMTP server that says what a test tells it to, step by step, and remembers what it heard."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

SILENT = ""  # no answer at all
HANG_UP = "\0"  # close the connection instead of answering
Answer = str | Sequence[str]
POLITE: dict[str, Answer] = {
    "greeting": "220 script ready",
    "EHLO": "250-script\r\n250 ENHANCEDSTATUSCODES",
    "HELO": "250 script",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    ".": "250 2.0.0 queued",
    "RSET": "250 2.0.0 ok",
    "AUTH": "235 2.7.0 welcome",
    "STARTTLS": "220 2.0.0 go on",
    "QUIT": "221 2.0.0 bye",
}


class Script:
    """An async context manager. Answers are by command; a list of them is used up, its last stays."""

    def __init__(self, **answers: Answer) -> None:
        end = answers.pop("end", POLITE["."])
        given = {**POLITE, **answers, ".": end}
        self.answers = {verb: [answer] if isinstance(answer, str) else list(answer) for verb, answer in given.items()}
        self.heard: list[str] = []
        self.sessions = 0
        self.fell_silent = asyncio.Event()
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    @property
    def verbs(self) -> list[str]:
        return [line.split()[0].upper() for line in self.heard]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._session, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        tasks = [task for task in self._open.values() if task]
        self.hang_up()
        await asyncio.gather(*tasks, return_exceptions=True)

    def hang_up(self) -> None:
        """End every open session from this side."""
        for writer in list(self._open):
            writer.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        self._open[writer] = asyncio.current_task()
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            del self._open[writer]
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        going = await self._say(writer, "greeting")
        while going and (line := (await reader.readline()).decode().strip()):
            self.heard.append(line)
            verb = line.split()[0].upper()
            going = await self._say(writer, verb)
            if verb == "DATA" and self.last.startswith("354"):
                await reader.readuntil(b"\r\n.\r\n")
                going = await self._say(writer, ".")

    async def _say(self, writer: asyncio.StreamWriter, verb: str) -> bool:
        answers = self.answers.get(verb, ["502 5.5.1 unknown"])
        self.last = answers.pop(0) if len(answers) > 1 else answers[0]
        if self.last == HANG_UP:
            return False
        if self.last == SILENT:
            self.fell_silent.set()
            return True
        writer.write(self.last.encode() + b"\r\n")
        await writer.drain()
        return True
