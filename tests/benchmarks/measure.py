"""One measurement of a queue: fill, come to rest, drain, count what was done."""

import psycopg

from tests.benchmarks.bench import Bench, FailedError, Sample, answer, script
from tests.benchmarks.systems import System


def filled_and_drained(bench: Bench, system: System, rows: int, batch: int) -> Sample:
    """Drain a fresh database; fields as in `drained`.

    Raises:
        FailedError: it failed, or left rows undone.
    """
    with bench.server.database("bench", migrated=system.migrated) as url:
        with bench.server.filling():
            script(system.command("fill", url, rows, batch))
        bench.server.settle(url)
        return drained(bench, system, url, rows, batch)


def drained(bench: Bench, system: System, url: str, rows: int, batch: int) -> Sample:
    """Drain a filled database of its due rows.

    Returns:
        rate: rows per second; and per 1,000 rows: server_cpu_s, wal_bytes, and where the worker tells it client_cpu_s
        and round_trips.

    Raises:
        FailedError: it failed, or left rows undone.
    """
    server, redis = bench.server, ("redis", bench.server.redis()) if system.redis else ()
    before, cpu, wal = finished(system, url, rows), server.cpu_seconds(), server.wal_bytes()
    said = answer(system.command("drain", url, rows, batch, *redis))
    spent = {"server_cpu_s": server.cpu_seconds() - cpu, "wal_bytes": server.wal_bytes() - wal}
    spent |= {name: said[name] for name in ("client_cpu_s", "round_trips") if name in said}
    done = finished(system, url, rows) - before if system.check else rows
    if (said["handled"], done) != (rows, rows):
        raise FailedError(f"it handled {said['handled']} of {rows} rows and finished {done}")
    bench.versions[system.name] = said["version"]
    return {"rate": rows / said["seconds"]} | {name: value * 1000 / rows for name, value in spent.items()}


def finished(system: System, url: str, rows: int) -> int:
    """How many rows are finished as this system finishes them, as far as PostgreSQL knows.

    Raises:
        FailedError: its tables are not as they should be.
    """
    if system.check is None:
        return 0
    try:
        with psycopg.connect(url) as connection:
            [count] = connection.execute(system.check, {"rows": rows}).fetchone() or [0]
    except psycopg.Error as error:
        raise FailedError(f"its rows could not be counted: {error}") from error
    return int(count)
