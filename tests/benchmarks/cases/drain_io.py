"""The case "drain, I/O": due rows whose handler posts to a host that answers after 20 ms, 50 of them in flight."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import httpx

from tests.benchmarks import ours, plot
from tests.benchmarks.bench import Bench, FailedError, Sample, Series, answer
from tests.benchmarks.install import ROOT
from tests.benchmarks.measure import filled_and_drained
from tests.benchmarks.peers import PEERS
from tests.benchmarks.report import Report, Table, Target, number, spread
from tests.benchmarks.systems import System, guarantees, wanted

NAME, TITLE = "drain_io", "Drain, I/O"
ROWS, IN_FLIGHT = 5000, 50
WAIT = 20  # milliseconds until the host answers
CEILING = IN_FLIGHT * 1000 / WAIT  # rows per second, were nothing but the host to be waited for
OF_CEILING = 0.9  # at least
PATIENCE = 5.0  # seconds for the host's own count
WORKERS = "tests.benchmarks.workers"
ALONE = "no queue"

TELEGRAM = replace(
    ours.REPLIES,
    worker="posting",
    setup="deliver-responses' own sender and Bot API code, its permits (bot, chat) in Redis a thousand times as wide",
)
WEBHOOKS = replace(ours.WEBHOOKS, worker="posting", setup="a sender that posts each row's payload, without limits")
OURS = (TELEGRAM, WEBHOOKS)


def measure(bench: Bench) -> Report:
    """Drain every system against one host, round after round."""
    systems = wanted(bench, (*OURS, *PEERS))
    with hosting() as url:
        queues = {each.name: partial(drained, bench, url, each) for each in systems}
        series = bench.interleave({ALONE: partial(alone, bench, url), **queues})
    found = [each for each in systems if each.name in series]
    return Report(
        summary=(
            f"{bench.scaled(ROWS):,} due rows, one process, a handler that posts to a host on the same machine which "
            f"answers after {WAIT} ms, {IN_FLIGHT} in flight: at most {CEILING:,.0f} rows per second. Medians of "
            f"{bench.rounds} interleaved rounds, in brackets the slowest and the fastest one. “{ALONE}” is our HTTP "
            "client alone, without a database. The host counts the requests, and how many are in flight: a round with "
            "another number of requests, or more in flight, does not count."
        ),
        tables=[rates(bench, series), guarantees(found)],
        charts={f"{NAME}.svg": plot.bars(TITLE, bars(series), "rows per second")},
        targets=targets(series, found),
        data=series.as_json(),
    )


@contextmanager
def hosting() -> Iterator[str]:
    """Run the host; its address."""
    command = [sys.executable, "-m", f"{WORKERS}.slow_host", str(WAIT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as host:
        try:
            if host.stdout is None or not (url := host.stdout.readline().strip()):
                raise FailedError("the host did not start")
            yield url
        finally:
            host.terminate()


def drained(bench: Bench, url: str, system: System) -> Sample:
    """Fields as `measure.drained` has them, and the host's."""
    posting = replace(system, arguments=(*system.arguments, "post", url))
    rows = min(bench.scaled(ROWS), system.most or ROWS)
    counted(url)
    sample = filled_and_drained(bench, posting, rows, IN_FLIGHT)
    return {**sample, **checked(counted(url), rows)}


def alone(bench: Bench, url: str) -> Sample:
    rows = bench.scaled(ROWS)
    told = ["drain", "no database", str(rows), str(IN_FLIGHT), "alone", "post", url]
    counted(url)
    said = answer([sys.executable, "-m", f"{WORKERS}.posting", *told])
    bench.versions[ALONE] = said["version"]
    spent = {"rate": rows / said["seconds"], "client_cpu_s": said["client_cpu_s"] * 1000 / rows}
    return {**spent, **checked(counted(url), rows)}


def counted(url: str) -> Mapping[str, Any]:
    """What the host counted since it was last asked."""
    told: dict[str, Any] = httpx.get(url, timeout=PATIENCE, trust_env=False).json()
    return told


def checked(told: Mapping[str, Any], rows: int) -> Sample:
    """The host's fields: the most requests in flight, its CPU seconds per 1,000, its lateness in ms per answer.

    Raises:
        FailedError: it was not asked once for each row, or for more at once than is allowed.
    """
    if told["posts"] != rows or told["most"] > IN_FLIGHT:
        raise FailedError(f"the host had {told['posts']} requests for {rows} rows, {told['most']} of them at once")
    return {
        "in_flight": told["most"],
        "host_cpu_s": told["cpu"] * 1000 / rows,
        "host_late_ms": told["late"] * 1e3 / rows,
    }


def targets(series: Series, found: Sequence[System]) -> list[Target]:
    rivals = [each.name for each in found if each in PEERS]
    best = max(rivals, key=lambda name: series.median(name, "rate"), default="")
    return [
        *(
            Target(f"{each.name}, of {CEILING:,.0f} rows per second", of_ceiling(series, each.name), OF_CEILING)
            for each in OURS
        ),
        *(
            Target(f"{each.name}, of the fastest peer ({best or 'none'})", series.ratio(each.name, best, "rate"), 1.0)
            for each in OURS
        ),
    ]


def of_ceiling(series: Series, name: str) -> float:
    return series.median(name, "rate") / CEILING if name in series else float("nan")


def rates(bench: Bench, series: Series) -> Table:
    rows = [["arithmetic", "", f"**{number(CEILING)}**", "1.00", str(IN_FLIGHT), "", "", "", ""]]
    rows += [
        [
            name,
            bench.versions[name],
            spread(series.values(name, "rate"), series.median(name, "rate")),
            f"{of_ceiling(series, name):.2f}",
            number(series.median(name, "in_flight")),
            *(cell(series, name, field) for field in ("client_cpu_s", "server_cpu_s", "host_cpu_s", "host_late_ms")),
        ]
        for name in series.samples
    ]
    header = ("system", "version", "rows per second", "of the ceiling", "most in flight")
    costs = ("client CPU ms", "PostgreSQL CPU ms", "host CPU ms", "host late by ms")
    return Table((*header, *costs), rows, "Rows per second, and milliseconds per row where they were told:")


def cell(series: Series, name: str, field: str) -> str:
    """Seconds per 1,000 rows are milliseconds per row."""
    return f"{series.median(name, field):.2f}" if field in series.samples[name][0] else ""


def bars(series: Series) -> dict[str, dict[str, float]]:
    return {"arithmetic": {"rate": CEILING}} | {name: {"rate": series.median(name, "rate")} for name in series.samples}
