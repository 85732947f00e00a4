"""What the stack writes down about itself, so that the next command finds it or clears up after it."""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from infra.local.processes import Identity, end, same


@dataclass
class State:
    """The contents of `stack.json`.

    Attributes:
        supervisor: the process that owns the others.
        children: by the name of the part.
        ready: whether everything had started.
        ports: of the local services, by name.
        given: names of the given settings that lead to services; their values are not written down.
        services: rows of the table that `make up` prints: name, address, what it is.
    """

    port: int
    supervisor: Identity
    children: dict[str, Identity] = field(default_factory=dict)
    ready: bool = False
    ports: dict[str, int] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    services: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def running(self) -> bool:
        return same(self.supervisor)


def default_home() -> Path:
    """NIGHTSHIFT_HOME, or `.nightshift` beside the code."""
    return Path(os.environ.get("NIGHTSHIFT_HOME") or Path(__file__).resolve().parents[2] / ".nightshift")


def read(home: Path) -> State | None:
    """The state that the last stack wrote; None if there is none that can be read."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        found: dict[str, Any] = json.loads((home / "stack.json").read_text())
        found["supervisor"] = Identity(**found["supervisor"])
        found["children"] = {name: Identity(**one) for name, one in found["children"].items()}
        found["services"] = [tuple(row) for row in found["services"]]
        return State(**found)
    return None


def write(home: Path, state: State) -> None:
    """Replace the file as a whole: a reader never sees half of it."""
    part = home / "stack.json.part"
    part.write_text(json.dumps(asdict(state), indent=1))
    part.replace(home / "stack.json")


def reap(home: Path) -> list[int]:
    """Stop what a killed stack left behind; the ids of what still ran."""
    state = read(home)
    if state is None or state.running:
        return []
    stopped = end(list(state.children.values()))
    (home / "stack.json").unlink(missing_ok=True)
    return stopped


def hold(home: Path) -> IO[str] | None:
    """Take the lock that one supervisor of this home has for its life; None if another has it."""
    home.mkdir(parents=True, exist_ok=True)
    lock = (home / "stack.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def kept_secret(path: Path, prefix: str) -> str:
    """A random secret that stays the same for this home."""
    # Hexadecimal is base64 as well, as Standard Webhooks' secrets are.
    return kept(path, lambda: prefix + secrets.token_hex(24))


def kept(path: Path, make: Callable[[], str]) -> str:
    """What was made once for this home; the file is readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(make())
    return path.read_text().strip()
