"""One receiver as a process of its own, from its start until it is stopped."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from infra.local.program import free_port, port_taken
from tests.benchmarks.bench import FailedError
from tests.benchmarks.cases.intake.receivers import POOL, Receiver
from tests.benchmarks.install import ROOT
from tests.benchmarks.workers.stripe_load import SECRET

START, STOP, LOOK = 60.0, 20.0, 0.05  # seconds: to start, to stop, between two looks


@contextmanager
def served(receiver: Receiver, url: str) -> Iterator[tuple[int, Callable[[], float]]]:
    """Its port, and its CPU seconds so far whenever they are asked for.

    Raises:
        FailedError: it did not start.
    """
    port = free_port()
    process = subprocess.Popen([*receiver.command, bound(receiver, port)], cwd=ROOT, env=environment(receiver, url))
    try:
        wait(process, port)
        yield port, lambda: spent(process.pid)
    finally:
        process.terminate()
        process.wait(STOP)


def bound(receiver: Receiver, port: int) -> str:
    return f"127.0.0.1:{port}" if receiver.command[-1] == "--bind" else str(port)


def environment(receiver: Receiver, url: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "DB_POOL_MAX": str(POOL), **secrets(url), **receiver.env}


def secrets(url: str) -> dict[str, str]:
    return {"DATABASE_URL": url, "STRIPE_WEBHOOK_SECRETS": SECRET}


def wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START
    while not port_taken(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise FailedError("it did not start")
        time.sleep(LOOK)


def spent(pid: int) -> float:
    """User and system time of a process and of those that it started."""
    parent = psutil.Process(pid)
    return sum(sum(each.cpu_times()[:2]) for each in (parent, *parent.children(recursive=True)))
