"""Logs of the local stack: JSON lines of its own, and an end to what has grown too large."""

import contextlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

LARGE = 20 << 20  # bytes


def rotate(logs: Path) -> None:
    """Put every large log aside, in the place of what was put aside before. For a time when nobody writes to them."""
    for log in logs.glob("*.log"):
        if log.stat().st_size > LARGE:
            log.replace(log.with_name(f"{log.name}.1"))


def append(log: Path, **line: Any) -> None:
    """Add one JSON line; to standard error where the log cannot be written, since no caller may fail on that."""
    text = json.dumps({"time": datetime.now(UTC).isoformat(), **line}) + "\n"
    with contextlib.suppress(OSError):
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a") as file:
                file.write(text)
        except OSError:
            sys.stderr.write(text)
