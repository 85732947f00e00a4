"""What the figures were measured on."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.server import DISK, Server, filesystem

SETTINGS = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "shared_buffers",
    "max_wal_size",
    "checkpoint_timeout",
    "max_connections",
    "autovacuum",
    "jit",
)


Facts = dict[str, Any]


def facts(server: Server) -> Facts:
    """The machine, its load before the run, and the server's settings."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "cpu": cpu(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "file_system": filesystem(DISK),
        "load_before": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "postgresql": {name: server.setting(name) for name in SETTINGS},
    }


def sentences(facts: Facts) -> str:
    """What it was measured on, as a paragraph."""
    settings = ", ".join(f"{name} {value}" for name, value in facts["postgresql"].items() if name != "server_version")
    return (
        f"Machine: {facts['cores']} cores ({facts['cpu']}), {facts['memory_gib']} GiB, {facts['system']}, "
        f"{facts['file_system']}, load before the run {facts['load_before'][0]}. Client and server share it. "
        f"Measured at {facts['measured_at']}. Python {facts['python']}. "
        f"PostgreSQL {facts['postgresql']['server_version']}: {settings}."
    )


def cpu() -> str:
    """The processor's name, where the system tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")
