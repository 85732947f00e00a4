"""The case "cold start": each function from a new process to its first answer, through AWS's own client."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from tests.benchmarks import plot
from tests.benchmarks.bench import Bench, FailedError, Sample, Series
from tests.benchmarks.report import Report, Table, Target, number, spread
from tests.integration.core.cold_starts import BUDGETS, BUNDLE, CORES, FUNCTIONS, MARGIN, libraries, start
from tests.integration.core.test_core_entrypoint import environment, http_event
from tests.integration.core.test_imports import RESEND_SECRET, SECRET, resends_event, stripes_event
from tests.lambda_runtime import ROOT, LambdaRuntime
from tests.nightshift import SERVICE_KEY

NAME, TITLE = "cold_start", "Cold start"
STARTS = 7  # of a round; their median counts
IMPORTS = 5  # times that Python tells how long each import took; the median counts
LINE = re.compile(r"import time: +(\d+) \| +(\d+) \| +([\w.]+)")
SIGNED = {"stripe_webhook": stripes_event, "mail_events": resends_event}
WAYS = {"admin": ("GET", "/runs"), "health": ("GET", "/health")}
EMAIL = {"to": "somebody@example.org", "subject": "Subject", "text": "A text."}
OK = range(200, 300)


def measure(bench: Bench) -> Report:
    """Start every function again and again; count its instructions, and look for its dearest import."""
    names = [name for name in FUNCTIONS if bench.wants(name)]
    with tempfile.TemporaryDirectory() as bundle, bench.server.database("bench", migrated=True) as url:
        (Path(bundle) / "sitecustomize.py").write_text(BUNDLE)
        secrets = {"STRIPE_WEBHOOK_SECRETS": SECRET, "RESEND_WEBHOOK_SECRETS": RESEND_SECRET}
        env = environment(url) | secrets | {"PYTHONPATH": f"{bundle}:{ROOT}"}
        series = bench.interleave({name: starting(name, env) for name in names})
    costs = counted(bench, names)
    dearest = {name: imports(name) for name in names}
    return Report(
        summary=(
            "Each function in a new process of AWS's runtime client (awslambdaric), from its launch to its first "
            f"answer, which has used the database: medians of {bench.rounds} interleaved rounds of {STARTS} starts. "
            "Instructions are Valgrind's, for loading the function and making its resources, and as a ratio to those "
            "of loading the libraries that every function needs (psycopg, pydantic, asyncio). The dearest import is "
            "the one that takes longest with all that it loads itself, of what is not ours."
        ),
        tables=[figures(series, costs, dearest)],
        charts={f"{NAME}.svg": plot.bars(TITLE, bars(series), "milliseconds")},
        targets=[
            Target(
                f"{name}, instructions over the libraries'", costs.get(name, float("nan")), bound(name), at_least=False
            )
            for name in names
        ],
        data={"starts": series.as_json(), "instructions": costs, "imports": dearest},
    )


def bound(name: str) -> float:
    return round(BUDGETS[name] * MARGIN, 3)


def starting(name: str, env: Mapping[str, str]) -> Callable[[], Sample]:
    """A measurement of one function: the milliseconds of a start on the wall, and of the processor."""

    def once() -> Sample:
        took = [started(name, env) for _ in range(STARTS)]
        return {field: median(sample[field] for sample in took) for field in took[0]}

    return once


def started(name: str, env: Mapping[str, str]) -> dict[str, float]:
    """One start.

    Raises:
        FailedError: the function failed.
    """
    began = time.perf_counter()
    with LambdaRuntime(f"functions/{name}/main.handler", env) as running:
        outcome = running.invoke(first_call(name))
        wall = time.perf_counter() - began
        used = psutil.Process(running.process.pid).cpu_times()
    if outcome.kind != "response" or outcome.content["statusCode"] not in OK:
        raise FailedError(f"its first answer was {outcome.kind} {outcome.content.get('statusCode', '')}")
    return {"wall_ms": wall * 1000, "cpu_ms": (used.user + used.system) * 1000}


def first_call(name: str) -> dict[str, Any]:
    """An event that the function answers with success."""
    if name in SIGNED:
        return SIGNED[name]()
    method, path = WAYS.get(name, ("POST", f"/{name.replace('_', '-')}"))
    body = json.dumps(EMAIL) if name == "send_email" else None
    return http_event(path, method=method, headers={"authorization": f"Bearer {SERVICE_KEY}"}, body=body)


def counted(bench: Bench, names: list[str]) -> dict[str, float]:
    """Of each function the instructions of its start, as a ratio to the libraries'; nothing without Valgrind."""
    if shutil.which("valgrind") is None:
        bench.missing["instructions"] = "install Debian's valgrind"
        return {}
    with ThreadPoolExecutor(CORES) as pool:
        base, starts = pool.submit(libraries), list(pool.map(start, names))
    return {name: count / base.result() for name, count in zip(names, starts, strict=True)}


def imports(name: str) -> dict[str, float]:
    """What each import of others' modules took, with all that it loaded: milliseconds, the dearest one first."""
    runs = [once_imported(name) for _ in range(IMPORTS)]
    theirs = {module for module in runs[0] if module.partition(".")[0] not in ("functions", "shared")}
    times = {module: median(run.get(module, 0.0) for run in runs) for module in theirs}
    return dict(sorted(times.items(), key=lambda each: -each[1])[:IMPORTS])


def once_imported(name: str) -> dict[str, float]:
    code = f"{BUNDLE}\nimport functions.{name}.main"
    command = [sys.executable, "-X", "importtime", "-c", code]
    done = subprocess.run(command, cwd=ROOT, env={}, capture_output=True, text=True, check=True)
    return {module: int(total) / 1000 for _, total, module in LINE.findall(done.stderr)}


def figures(series: Series, costs: Mapping[str, float], dearest: Mapping[str, Mapping[str, float]]) -> Table:
    rows = [
        [
            name.replace("_", "-"),
            spread(series.values(name, "wall_ms"), series.median(name, "wall_ms")),
            spread(series.values(name, "cpu_ms"), series.median(name, "cpu_ms")),
            number(costs[name]) if name in costs else "",
            "{} ({:.0f} ms)".format(*next(iter(dearest[name].items()))),
        ]
        for name in series
    ]
    header = ("function", "to the first answer, ms", "CPU, ms", "instructions over the libraries'", "dearest import")
    return Table(header, rows)


def bars(series: Series) -> dict[str, dict[str, float]]:
    fields = {"on the wall": "wall_ms", "processor": "cpu_ms"}
    return {name: {label: series.median(name, field) for label, field in fields.items()} for name in series}
