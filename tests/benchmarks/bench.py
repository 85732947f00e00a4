"""What every case measures with: a server, rounds, and the worker processes that it starts."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.benchmarks.install import ROOT
from tests.benchmarks.server import Server

LAST = 3  # lines of a failed worker's errors that are told
PATIENCE = 300.0  # seconds for one step of a worker; what takes longer hangs
COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())

Sample = Mapping[str, float]
console = Console(stderr=True)


class FailedError(Exception):
    """A system did not do its work, or did not all of it."""


class Series:
    """The samples of every measurement, one a round, in the order of the rounds."""

    def __init__(self, samples: Mapping[str, Sequence[Sample]]) -> None:
        self.samples = samples

    def __contains__(self, key: str) -> bool:
        return key in self.samples

    def __iter__(self) -> Iterator[str]:
        return iter(self.samples)

    def keys(self) -> list[str]:
        return list(self.samples)

    def fields(self, key: str) -> list[str]:
        return list(self.samples[key][0])

    def values(self, key: str, field: str) -> list[float]:
        return [sample[field] for sample in self.samples[key]]

    def median(self, key: str, field: str) -> float:
        return median(self.values(key, field))

    def ratio(self, key: str, to: str, field: str) -> float:
        """The median over the rounds of each round's ratio; NaN if one of the two is missing."""
        if key not in self.samples or to not in self.samples:
            return float("nan")
        pairs = zip(self.values(key, field), self.values(to, field), strict=True)
        return median(one / other for one, other in pairs)

    def as_json(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Per measurement and field the median and every round's value."""
        return {
            key: {
                field: {"median": self.median(key, field), "rounds": self.values(key, field)}
                for field in self.fields(key)
            }
            for key in self
        }


@dataclass
class Bench:
    """One run of one case.

    Attributes:
        rounds: how often each measurement is made.
        scale: by which each number of rows, clients or seconds is multiplied; 1 is the case as it is described.
        systems: beginnings of the names of the systems that are wanted; empty for all.
        missing: what could not be measured, and why.
        versions: what each system said of its version.
    """

    server: Server
    rounds: int
    scale: float = 1.0
    systems: tuple[str, ...] = ()
    missing: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def scaled(self, number: int) -> int:
        return max(1, round(number * self.scale))

    def wants(self, name: str) -> bool:
        return not self.systems or name.lower().startswith(tuple(map(str.lower, self.systems)))

    def interleave(self, measurements: Mapping[str, Callable[[], Sample]]) -> Series:
        """Make every measurement once a round, round after round (A B C, A B C, ...).

        One that fails is `missing` from then on, with what it had measured.
        """
        samples: dict[str, list[Sample]] = {key: [] for key in measurements}
        with Progress(*COLUMNS, console=console) as progress:
            bar = progress.add_task("", total=self.rounds * len(measurements))
            for number in range(self.rounds):
                for key, measure in measurements.items():
                    progress.update(bar, description=f"round {number + 1}, {key}")
                    self.take(samples, key, measure)
                    progress.advance(bar)
        return Series(samples)

    def take(self, samples: dict[str, list[Sample]], key: str, measure: Callable[[], Sample]) -> None:
        if key not in samples:
            return
        try:
            samples[key].append(measure())
        except FailedError as error:
            del samples[key]
            self.missing[key] = str(error)


def script(command: Sequence[str], patience: float = PATIENCE) -> str:
    """Run one step of a worker; what it printed.

    Raises:
        FailedError: it failed, with its last lines; or it took longer than `patience` seconds.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=patience, cwd=ROOT, env=environment
        )
    except subprocess.TimeoutExpired as error:
        raise FailedError(f"it took longer than {patience:.0f} s") from error
    if done.returncode:
        raise FailedError(" ".join(done.stderr.strip().splitlines()[-LAST:])[:500])
    return done.stdout


def answer(command: Sequence[str], patience: float = PATIENCE) -> dict[str, Any]:
    """Run one step of a worker; its last line, which is JSON. Raises as `script` does."""
    lines = script(command, patience).splitlines()
    if not lines:
        raise FailedError("it answered nothing")
    return dict(json.loads(lines[-1]))
