"""Several processes that drain one queue together."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.benchmarks.bench import PATIENCE, Bench, FailedError, Sample
from tests.benchmarks.cases.growth.standing import BATCH, QUEUE, WORKER
from tests.benchmarks.install import ROOT
from tests.benchmarks.workers.fills import fill
from tests.benchmarks.workers.meter import Meter

ROWS = 20_000
Process = subprocess.Popen[str]


def drained(bench: Bench, workers: int) -> Sample:
    """Rows per second of so many processes over one queue, from the first one's start to the last one's end.

    Raises:
        FailedError: one failed, or not all rows were sent, or some twice.
    """
    rows = bench.scaled(ROWS)
    with bench.server.database("growth_workers", migrated=True) as url:
        fill(url, QUEUE, rows)
        bench.server.settle(url)
        meter = Meter(url)
        with started(workers, url, bench.server.redis()) as processes:
            told = [result(process) for process in begun(processes)]
        meter.alone()
        claims = meter.counted().claims
    handled = sum(each["handled"] for each in told)
    if handled != rows:
        raise FailedError(f"{workers} workers sent {handled} of {rows} rows")
    seconds = max(each["ended"] for each in told) - min(each["began"] for each in told)
    return {"rate": rows / seconds, "rows_a_claim": rows / claims}


@contextmanager
def started(workers: int, url: str, limits: str) -> Iterator[list[Process]]:
    """The processes, which end with the block."""
    command = [sys.executable, "-m", WORKER, url, QUEUE, str(BATCH), limits, "gate"]
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT) for _ in range(workers)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def begun(processes: list[Process]) -> list[Process]:
    """Let all of them go once the last one is ready."""
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return processes


def result(process: Process) -> dict[str, Any]:
    try:
        said, complaint = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise FailedError(f"it took longer than {PATIENCE:.0f} s") from error
    if process.returncode:
        raise FailedError("".join(complaint.strip().splitlines()[-1:])[:300])
    return dict(json.loads(said.splitlines()[-1]))
