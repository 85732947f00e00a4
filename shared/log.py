"""Logs: one JSON object a line, with the fields that Google Cloud Logging and CloudWatch understand.

Fields are ids, counts, codes and durations. Secrets, tokens, message texts and addresses are never passed in;
`masked` turns an address into something that can be matched but not read.
"""

import hashlib
import json
import sys
import traceback
from collections import deque
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}
KEPT_LINES, KEPT_BYTES = 200, 64 * 1024  # of one run's log, in its history; the oldest lines go first
_context: ContextVar[dict[str, Any] | None] = ContextVar("log_context", default=None)
_kept: "ContextVar[Kept | None]" = ContextVar("log_kept", default=None)


def bind(**fields: Any) -> None:
    """Add fields to every later line of this task or request."""
    _context.set({**(_context.get() or {}), **fields})


def clear() -> None:
    """Forget the bound fields: a new request begins."""
    _context.set(None)
    _kept.set(None)


def keep() -> "Kept":
    """Keep what this task writes from here on, and what the tasks that it starts write."""
    kept = Kept()
    _kept.set(kept)
    return kept


class Kept:
    """The last lines of a run, as they were written."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque()
        self.size = 0

    def add(self, line: str) -> None:
        self.lines.append(line)
        self.size += len(line)
        while len(self.lines) > KEPT_LINES or self.size > KEPT_BYTES:
            self.size -= len(self.lines.popleft())

    def array(self) -> str:
        """The lines as one JSON array."""
        return f"[{','.join(self.lines)}]"


class Log:
    """Writes lines at or above a threshold.

    Attributes:
        threshold: one of `LEVELS`' names.
        stream: where lines go; standard output by default, since both clouds collect it.
        key: at most 32 bytes that key the fingerprints of `masked`; the same in all functions of one deployment.
    """

    def __init__(self, threshold: str = "INFO", stream: TextIO | None = None) -> None:
        self.threshold = threshold
        self.stream = stream
        self.key = b""

    def debug(self, message: str, **fields: Any) -> None:
        self._write("DEBUG", message, fields)

    def info(self, message: str, **fields: Any) -> None:
        self._write("INFO", message, fields)

    def warning(self, message: str, **fields: Any) -> None:
        self._write("WARNING", message, fields)

    def error(self, message: str, *, cause: BaseException | None = None, **fields: Any) -> None:
        """Write an error; of a cause, its type and its place in our code, never its text (it may quote data)."""
        if cause is not None:
            fields |= {"error_type": type(cause).__name__, "stack": _frames(cause)}
        self._write("ERROR", message, fields)

    def _write(self, level: str, message: str, fields: dict[str, Any]) -> None:
        if LEVELS[level] < LEVELS[self.threshold]:
            return
        line = {"severity": level, "level": level, "time": datetime.now(UTC).isoformat(), "message": message}
        line |= (_context.get() or {}) | fields
        written = _written(line)
        print(written, file=self.stream or sys.stdout, flush=True)
        if LEVELS[level] >= LEVELS["INFO"] and (kept := _kept.get()) is not None:
            kept.add(written)


def _written(line: dict[str, Any]) -> str:
    """A line as JSON; a number that JSON has no word for is written as text, so that every reader can read it."""
    try:
        return json.dumps(line, default=str, allow_nan=False)
    except ValueError:
        return json.dumps({name: str(value) for name, value in line.items()})


def _frames(cause: BaseException) -> list[str]:
    stack = traceback.extract_tb(cause.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in stack[-8:]]


log = Log()


def masked(address: str) -> str:
    """A short fingerprint of an address or chat id: equal for equal ones whatever their case, and no use outside.

    It is keyed with `Log.key`, so that nobody who sees it finds the address by trying.
    """
    return "#" + hashlib.blake2s(address.strip().casefold().encode(), digest_size=5, key=log.key).hexdigest()
