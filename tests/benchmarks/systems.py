"""What is measured: each system with its guarantees, how it is started, and how its work is checked."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, LiteralString

from tests.benchmarks import install
from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Table

HERE = Path(__file__).parent
Kind = Literal["ours", "limit", "pypi", "npm"]


@dataclass(frozen=True)
class System:
    """One system in one configuration.

    Attributes:
        worker: the script that fills and drains, told `fill|drain URL ROWS BATCH` and further `arguments`.
        check: SQL that counts the rows which are finished as this system finishes them, and grows with each; None
            where PostgreSQL holds none of them, and the worker's own count has to do.
        history, lease, attempts, dead: its guarantees in that configuration, in a few words (dead letters last).
        setup: its configuration, where it comes from.
        batches: those of the case that mean anything to it.
        most: rows that it is given at most, where the case's would take minutes.
        redis: whether `drain` is also told `redis URL`, an empty one.
        backlog: whether `fill` understands `later N finished M`.
    """

    name: str
    kind: Kind
    worker: str
    check: LiteralString | None
    history: str
    lease: str
    attempts: str
    setup: str
    arguments: tuple[str, ...] = ()
    batches: tuple[int, ...] = (50, 200, 500, 1000)
    most: int | None = None
    redis: bool = False
    backlog: bool = True
    dead: str = ""

    def command(self, action: str, url: str, rows: int, batch: int, *more: str) -> list[str]:
        told = [action, url, str(rows), str(batch), *self.arguments, *more]
        match self.kind:
            case "ours" | "limit":
                return [sys.executable, "-m", f"tests.benchmarks.workers.{self.worker}", *told]
            case "pypi":
                return [str(install.PYTHON), str(HERE / "peers" / self.worker), *told]
            case "npm":
                return [str(install.NODE), str(install.HOME / "node" / self.worker), *told]

    @property
    def migrated(self) -> bool:
        return self.kind == "ours"


def guarantees(systems: Sequence[System]) -> Table:
    """What each system gives in its measured configuration."""
    return Table(
        ("system", "history kept", "lease", "attempts counted", "dead letters", "configuration"),
        [(each.name, each.history, each.lease, each.attempts, each.dead, each.setup) for each in systems],
        "Guarantees in the measured configuration, and what that is:",
    )


def wanted(bench: Bench, systems: Sequence[System]) -> list[System]:
    """The systems that this run asks for and that can be installed here; the others are noted as missing."""
    asked = [each for each in systems if bench.wants(each.name)]
    missing = unavailable(asked)
    bench.missing |= missing
    return [each for each in asked if each.name not in missing]


def unavailable(systems: Sequence[System]) -> dict[str, str]:
    """Install what these systems need; those that cannot be measured here, and why."""
    kinds = {system.kind for system in systems}
    faults = {
        "pypi": install.python() if "pypi" in kinds else None,
        "npm": install.node() if "npm" in kinds else None,
    }
    return {system.name: fault for system in systems if (fault := faults.get(system.kind))}
