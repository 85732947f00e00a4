"""Starts functions by forking a process that has their libraries loaded: 30 ms each instead of 400.

The nursery reads one JSON line for each function to start and answers with a process id. What runs then is what the
cloud's buildpack runs: functions-framework's application, served by uvicorn (there below gunicorn, whose arbiter
would only be a second process for each function here).
"""

import asyncio
import contextlib
import gc
import json
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.environment import ROOT, import_path, python
from infra.local.program import LIBC, leash
from shared.errors import UnavailableError

PRELOADED: tuple[str, ...] = (
    "uvicorn",
    "uvicorn.loops.asyncio",
    "uvicorn.protocols.http.h11_impl",
    "uvicorn.lifespan.on",
)
PRELOADED += ("functions_framework.aio", "psycopg_pool", "httpx", "pydantic", "redis.asyncio")  # never our own code
PR_SET_NAME = 15  # linux/prctl.h
GRACE = 2  # seconds that a function's running requests get when it is stopped
KEEP_ALIVE = 75  # seconds; longer than the gateway keeps its side open


@dataclass
class Forked:
    """A process that the nursery forked, with the part of Popen's interface that a supervisor needs.

    Its exit status is not known here; the nursery reaps it.
    """

    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        """None while it runs."""
        if self.returncode is None and not self.send(0):
            self.returncode = -1
        return self.returncode

    def send_signal(self, number: int) -> None:
        self.send(number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)

    def send(self, number: int) -> bool:
        """Whether there was still somebody to send it to."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)
            return True
        return False


class Nursery:
    """The supervisor's side: starts the nursery with the first function, and again if it was killed."""

    def __init__(self, logs: Path) -> None:
        self.logs, self.lock = logs, asyncio.Lock()
        self.process: asyncio.subprocess.Process | None = None

    async def fork(self, log: Path, env: Mapping[str, str], port: int) -> Forked:
        """Start a function.

        Raises:
            UnavailableError: the nursery itself does not run.
        """
        async with self.lock:
            if self.process is None or self.process.returncode is not None:
                self.process = await self.start()
            if self.process.stdin is None or self.process.stdout is None:
                raise UnavailableError("The nursery has no pipes.")
            order = {"log": str(log), "env": dict(env), "port": port}
            self.process.stdin.write(json.dumps(order).encode() + b"\n")
            answer = await self.process.stdout.readline()
        if not answer:
            raise UnavailableError(f"The functions' common start failed. See {self.logs / 'nursery.log'}.")
        return Forked(int(answer))

    async def start(self) -> asyncio.subprocess.Process:
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / "nursery.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *python("-m", "infra.local.nursery"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": import_path()},
                process_group=0,
                preexec_fn=leash(signal.SIGTERM),
            )

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()


def nurse() -> None:
    """The nursery's side: load, then fork for each line until standard input ends."""
    for name in PRELOADED:
        __import__(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps; the supervisor watches
    gc.collect()
    gc.freeze()  # shared pages stay shared
    for line in sys.stdin.buffer:
        hold = leash(signal.SIGTERM)
        pid = os.fork()
        if pid == 0:
            become(json.loads(line), hold)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def become(order: dict[str, Any], hold: Any) -> None:
    """Turn this fork into the function; never returns."""
    status = 1
    try:
        hold()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        redirect(order["log"])
        os.environ.clear()
        os.environ.update(order["env"])
        if LIBC is not None:
            LIBC.prctl(PR_SET_NAME, order["env"]["K_SERVICE"].encode())
        serve(order["port"])
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def redirect(log: str) -> None:
    """Output goes to the function's log, input comes from nowhere."""
    nowhere, output = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for source, target in ((nowhere, 0), (output, 1), (output, 2)):
        os.dup2(source, target)


def serve(port: int) -> None:
    import uvicorn  # noqa: PLC0415 - loaded in the nursery only

    uvicorn.run(
        "functions_framework.aio:create_asgi_app",
        factory=True,
        host="127.0.0.1",
        port=port,
        log_level="warning",
        access_log=False,
        use_colors=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=KEEP_ALIVE,
    )


if __name__ == "__main__":
    nurse()
