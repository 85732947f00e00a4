"""Queues, runs, what was counted and this process's pool, as Prometheus scrapes them."""

from collections.abc import Iterable

from functions.health.exposition import Sample, document, histograms
from shared import counters, sql
from shared.resources import Resources

SQL = sql.beside(__file__)
CAP = 10_000  # rows that a count looks at; a deeper queue stays at this value
HELP = counters.HELP | {
    "nightshift_queue_live": f"Rows that wait or are being sent, counted up to {CAP}.",
    "nightshift_queue_due": f"Rows that should have gone out by now, counted up to {CAP}.",
    "nightshift_queue_oldest_due_seconds": "How long the row that is due for longest has been so.",
    "nightshift_queue_dead": f"Dead letters, counted up to {CAP}.",
    "nightshift_queue_breaker_open": "1 while the channel is down and claims are held back.",
    "nightshift_queue_paused": "1 while an operator has paused the queue.",
    "nightshift_queue_breaker_openings_total": "Times that the channel went down as a whole.",
    "nightshift_runs_last_hour": "Runs that began in the last hour, by how they stand.",
    "nightshift_pool_min": "Connections to the database that this process keeps open.",
    "nightshift_pool_max": "Connections that it may have at most.",
    "nightshift_pool_size": "Connections that it has.",
    "nightshift_pool_idle": "Those of them that nobody uses at this moment.",
    "nightshift_pool_waiting": "Callers who wait for one.",
    "nightshift_pool_requests_total": "Times that a connection was asked for.",
    "nightshift_pool_waits_total": "Those of them that had to wait for one.",
    "nightshift_pool_waited_ms_total": "Milliseconds that they waited.",
    "nightshift_pool_refused_total": "Those of them that waited for too long, or met a closed pool.",
    "nightshift_pool_used_ms_total": "Milliseconds for which connections were in use.",
    "nightshift_pool_opened_total": "Connections that were tried to open.",
    "nightshift_pool_failed_total": "Those of them that failed.",
    "nightshift_pool_lost_total": "Connections that were found broken.",
}
POOL = {  # our name of each of psycopg_pool's figures (psycopg.org/psycopg3/docs/advanced/pool.html#pool-stats)
    "min": "pool_min",
    "max": "pool_max",
    "size": "pool_size",
    "idle": "pool_available",
    "waiting": "requests_waiting",
    "requests_total": "requests_num",
    "waits_total": "requests_queued",
    "waited_ms_total": "requests_wait_ms",
    "refused_total": "requests_errors",
    "used_ms_total": "usage_ms",
    "opened_total": "connections_num",
    "failed_total": "connections_errors",
    "lost_total": "connections_lost",
}


async def metrics(resources: Resources) -> str:
    """The whole document.

    Raises:
        UnavailableError: the database cannot be reached.
    """
    samples = [*await _queues(resources), *await _runs(resources), *await _counters(resources), *_pool(resources)]
    return document(samples, HELP)


async def _queues(resources: Resources) -> list[Sample]:
    rows = await resources.db.rows(SQL.queues, cap=CAP)
    return [
        Sample(f"nightshift_queue_{name}", {"queue": row["queue"]}, float(value or 0))
        for row in rows
        for name, value in row.items()
        if name != "queue"
    ]


async def _runs(resources: Resources) -> Iterable[Sample]:
    rows = await resources.db.rows(SQL.runs)
    return [
        Sample("nightshift_runs_last_hour", {"job": row["job"], "status": row["status"]}, row["runs"]) for row in rows
    ]


async def _counters(resources: Resources) -> Iterable[Sample]:
    rows = await resources.db.rows(SQL.counters)
    samples = [Sample(row["name"], row["labels"], row["value"]) for row in rows]
    return histograms([sample for sample in samples if sample.family in HELP], counters.BOUNDS)


def _pool(resources: Resources) -> Iterable[Sample]:
    stats = resources.db.stats()
    return [Sample(f"nightshift_pool_{name}", {}, stats.get(theirs, 0)) for name, theirs in POOL.items()]
