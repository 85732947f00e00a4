"""Rounds of measurements: every system once a round, one after another, each in a fresh database."""

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median

import psycopg

from tests.benchmarks.install import ROOT
from tests.benchmarks.server import Server
from tests.benchmarks.systems import System

PATIENCE = 300.0  # seconds for one measurement; what takes longer hangs


@dataclass(frozen=True)
class Figure:
    """The rows per second of one system at one batch, every round's."""

    system: str
    batch: int
    rates: list[float]
    version: str

    @property
    def median(self) -> float:
        return median(self.rates)


class FailedError(Exception):
    """A system did not do its work, or did not all of it."""


def rounds(
    server: Server,
    systems: Sequence[System],
    *,
    rows: int,
    times: int,
    batches: Sequence[int],
    step: Callable[[str], None],
) -> tuple[list[Figure], dict[str, str]]:
    """Measure in interleaved rounds (A B C, A B C, ...); the figures, and which systems failed and how.

    Args:
        step: told the name of each measurement before it starts.
    """
    rates: dict[tuple[str, int], list[float]] = {}
    versions: dict[str, str] = {}
    failed: dict[str, str] = {}
    for turn in range(times):
        for system in systems:
            for batch in (batch for batch in batches if batch in system.batches):
                step(f"round {turn + 1}, {system.name}, batch {batch}")
                if system.name in failed:
                    continue
                try:
                    number = min(rows, system.most or rows)
                    seconds, version = once(server, system, number, batch)
                except (FailedError, subprocess.TimeoutExpired) as error:
                    failed[system.name] = str(error)
                    continue
                rates.setdefault((system.name, batch), []).append(number / seconds)
                versions[system.name] = version
    figures = [Figure(name, batch, found, versions[name]) for (name, batch), found in rates.items()]
    return [figure for figure in figures if figure.system not in failed], failed


def once(server: Server, system: System, rows: int, batch: int) -> tuple[float, str]:
    """Fill a fresh database, let it come to rest, drain it, count what was done; the seconds and the version.

    Raises:
        FailedError: it failed, or left rows undone.
    """
    with server.database("bench", migrated=system.migrated) as url:
        script(system.command("fill", url, rows, batch))
        server.settle(url)
        said = json.loads(script(system.command("drain", url, rows, batch)).splitlines()[-1])
        with psycopg.connect(url) as connection:
            row = connection.execute(system.check, {"rows": rows}).fetchone()
    if row is None or row[0] != rows or said["handled"] != rows:
        raise FailedError(f"it handled {said['handled']} of {rows} rows and finished {row and row[0]}")
    return float(said["seconds"]), str(said["version"])


def script(command: Sequence[str]) -> str:
    """Run one step of a worker; what it printed.

    Raises:
        FailedError: it failed; with its last line.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=PATIENCE, cwd=ROOT, env=environment
    )
    if done.returncode:
        raise FailedError("".join(done.stderr.strip().splitlines()[-1:])[:300])
    return done.stdout


def as_json(figures: Sequence[Figure]) -> list[dict[str, object]]:
    return [asdict(figure) | {"median": round(figure.median, 1)} for figure in figures]
