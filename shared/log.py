"""Logs: one JSON object a line, with the fields that Google Cloud Logging and CloudWatch understand.

Fields are ids, counts, codes and durations. Secrets, tokens, message texts and addresses are never passed in;
`masked` turns an address into something that can be matched but not read.
"""

import hashlib
import json
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}
_context: ContextVar[dict[str, Any] | None] = ContextVar("log_context", default=None)


def bind(**fields: Any) -> None:
    """Add fields to every later line of this task or request."""
    _context.set({**(_context.get() or {}), **fields})


def clear() -> None:
    """Forget the bound fields: a new request begins."""
    _context.set(None)


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
        print(json.dumps(line, default=str), file=self.stream or sys.stdout, flush=True)


def _frames(cause: BaseException) -> list[str]:
    stack = traceback.extract_tb(cause.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in stack[-8:]]


log = Log()


def masked(address: str) -> str:
    """A short fingerprint of an address or chat id: equal for equal ones whatever their case, and no use outside.

    It is keyed with `Log.key`, so that nobody who sees it finds the address by trying.
    """
    return "#" + hashlib.blake2s(address.strip().casefold().encode(), digest_size=5, key=log.key).hexdigest()
