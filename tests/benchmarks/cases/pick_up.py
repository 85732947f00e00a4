"""The case "pick-up": single rows reach a run that lingers, by a ring, at their time, and through a pooler."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any

from tests.benchmarks import install, plot
from tests.benchmarks.bench import Bench, FailedError, Sample, Series, answer, script
from tests.benchmarks.report import Report, Table, Target, spread
from tests.benchmarks.workers.pick_up_feed import WARM
from tests.pooler import pooled

NAME, TITLE = "pick_up", "Pick-up"
ROWS = 500  # a round
GAP, POOLED_GAP = 0.04, 1.0  # seconds between two rows, on average: without a ring, an idle run looks seldom
STREAMS = 5  # queues, each in a database of its own, that share the rows of the slow measurement
PATIENCE = 300.0  # seconds for one round
MS = 1000.0
WORKERS, PEERS = "tests.benchmarks.workers", Path(install.HERE) / "peers"


@dataclass(frozen=True)
class Way:
    """One way of a row to its handler.

    Attributes:
        system: whose queue, as the feeder names it.
        worker: the command that lingers; a peer's also prepares its database.
        way: `ring` for rows that are enqueued when they are due, `due` for rows that wait for their time.
        gap: seconds between two rows, on average.
        streams: queues that share the rows.
    """

    system: str
    worker: tuple[str, ...]
    way: str = "ring"
    gap: float = GAP
    streams: int = 1
    through_pooler: bool = False


NIGHTSHIFT = (sys.executable, "-m", f"{WORKERS}.pick_up")
DIRECT, DUE, POOLED = "Nightshift, enqueued", "Nightshift, due at set times", "Nightshift through PgBouncer, enqueued"
OURS = {
    DIRECT: Way("nightshift", NIGHTSHIFT),
    DUE: Way("nightshift", NIGHTSHIFT, way="due"),
    POOLED: Way("nightshift", NIGHTSHIFT, gap=POOLED_GAP, streams=STREAMS, through_pooler=True),
}
PYPI = {
    name: Way(name, (str(install.PYTHON), str(PEERS / f"pick_up_{name}.py"))) for name in ("pgqueuer", "procrastinate")
}
NPM = {
    "graphile-worker": Way(
        "graphile-worker", (str(install.NODE), str(install.HOME / "node" / "pick_up_graphile_worker.mjs"))
    )
}


def measure(bench: Bench) -> Report:
    """The times from a row's commit, or from when it is due, to its handler."""
    found = {name: way for name, way in ways(bench).items() if bench.wants(name)}
    series = bench.interleave({name: partial(one, bench, name, way) for name, way in found.items()})
    return Report(
        summary=(
            f"One process lingers; another one enqueues {bench.scaled(ROWS)} rows a round, one by one, "
            f"{GAP * MS:.0f} ms apart on average, at random, and notes when each was committed; or it enqueues all at "
            "once, and each is due at a random moment. The handler notes when it is called. Through PgBouncer "
            f"(transaction mode) nothing rings: there the rows come {POOLED_GAP:.0f} s apart on average, in {STREAMS} "
            f"queues side by side. Medians of {bench.rounds} interleaved rounds, in brackets the lowest and the "
            "highest one. The other queues listen too, each as its documentation starts one worker."
        ),
        tables=[times(series)],
        charts={f"{NAME}.svg": plot.bars(TITLE, bars(series), "milliseconds")},
        targets=targets(series),
        data=series.as_json(),
    )


def ways(bench: Bench) -> dict[str, Way]:
    """Those that can be measured here; the others are noted as missing."""
    for peers, installed in ((PYPI, install.python), (NPM, install.node)):
        asked = [name for name in peers if bench.wants(name)]
        if asked and (fault := installed()):
            bench.missing |= dict.fromkeys(asked, fault)
    return {name: way for name, way in (OURS | PYPI | NPM).items() if name not in bench.missing}


def one(bench: Bench, name: str, way: Way) -> Sample:
    """One round of it; all times in milliseconds.

    Raises:
        FailedError: a process failed, or took too long.
    """
    rows = max(2, bench.scaled(ROWS) // way.streams)
    with ThreadPoolExecutor(way.streams) as streams:
        streamed = [streams.submit(stream, bench, name, way, rows, f"bench{number}") for number in range(way.streams)]
        waits = sorted(wait for each in streamed for wait in each.result())
    percents = quantiles(waits, n=100, method="inclusive")
    return {"p50": percents[49], "p99": percents[98], "max": waits[-1]}


def stream(bench: Bench, name: str, way: Way, rows: int, database: str) -> list[float]:
    """Each row's milliseconds to its handler, in a database of its own."""
    with bench.server.database(database, migrated=way.system == "nightshift") as url, address(way, url) as theirs:
        if way.system != "nightshift":
            script([*way.worker, "prepare", url])
        with lingering([*way.worker, "linger", theirs, str(rows + WARM)]) as run:
            feed = [sys.executable, "-m", f"{WORKERS}.pick_up_feed", way.way, url, way.system, str(rows), str(way.gap)]
            expected = answer(feed, PATIENCE)["at"]
            said = ended(run)
    bench.versions[name] = said["version"]
    return [(said["at"][row] - at) * MS for row, at in expected.items()]


@contextmanager
def address(way: Way, url: str) -> Iterator[str]:
    """Where the worker finds the database."""
    if not way.through_pooler:
        yield url
        return
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o755)  # the pooler's own user enters when root runs this
        with pooled(url, Path(home)) as through:
            yield through


@contextmanager
def lingering(command: list[str]) -> "Iterator[subprocess.Popen[str]]":
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=install.ROOT) as run:
        try:
            yield run
        finally:
            run.kill()


def ended(run: "subprocess.Popen[str]") -> dict[str, Any]:
    """What it said in the end."""
    try:
        said, fault = run.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise FailedError("not every row reached its handler") from error
    if run.returncode:
        raise FailedError("".join(fault.strip().splitlines()[-1:])[:300])
    return dict(json.loads(said.splitlines()[-1]))


def times(series: Series) -> Table:
    fields = ("p50", "p99", "max")
    rows = [
        [name, *(spread(series.values(name, each), series.median(name, each)) for each in fields)] for name in series
    ]
    return Table(("to the handler, ms", *fields), rows)


def bars(series: Series) -> Mapping[str, Mapping[str, float]]:
    return {name: {each: series.median(name, each) for each in ("p50", "p99")} for name in series}


def targets(series: Series) -> list[Target]:
    bounds = ((DIRECT, "p50", 5.0), (DIRECT, "p99", 20.0), (DUE, "p99", 20.0), (POOLED, "p99", 1000.0))
    return [
        Target(
            f"{name}: {field} to the handler",
            series.median(name, field) if name in series else float("nan"),
            bound,
            at_least=False,
            unit="ms",
        )
        for name, field, bound in bounds
    ]
