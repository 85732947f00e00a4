"""What the kernel knows about processes: who lives, who listens, who is left over."""

import contextlib
from dataclasses import dataclass

import psutil

GRACE = 5.0  # seconds for leftovers to end before SIGKILL


@dataclass(frozen=True)
class Identity:
    """A process that is recognised again: an id alone may have been given to another program since.

    Attributes:
        born: seconds since 1970, as the kernel gives it.
    """

    pid: int
    born: float


def alive(pid: int) -> bool:
    """Whether a process of this id runs (one that only waits to be reaped does not)."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


def identify(pid: int) -> Identity:
    """Remember a running process.

    Raises:
        ProcessLookupError: it is gone.
    """
    try:
        return Identity(pid, psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        raise ProcessLookupError(pid) from None


def same(identity: Identity) -> bool:
    """Whether that very process still runs."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return alive(identity.pid) and bool(psutil.Process(identity.pid).create_time() == identity.born)
    return False


def end(leftovers: list[Identity]) -> list[int]:
    """Stop those that still run, their children too; the ids of what had to be stopped."""
    found = [psutil.Process(one.pid) for one in leftovers if same(one)]
    with contextlib.suppress(psutil.NoSuchProcess):
        found += [child for process in found for child in process.children(recursive=True)]
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(found, timeout=GRACE)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=GRACE)
    return [process.pid for process in found]


def listener(port: int) -> str:
    """Who listens on the port, such as `postgres (4711)`; `another program` where the kernel does not say."""
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            at = connection.laddr
            if connection.status == psutil.CONN_LISTEN and at and at.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} ({connection.pid})"
    return "another program"
