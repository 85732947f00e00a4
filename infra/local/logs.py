"""Logs of the local stack: JSON lines of its own."""

import contextlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


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
