"""Enqueues single rows at random moments, or all at once to be due at random moments; says when each was due."""

import json
import random
import sys
import time
from datetime import UTC, datetime
from typing import LiteralString

import psycopg

WARM = 20  # rows before those that count: connections, plans
START = 2.0  # seconds for the other process to come to rest
OURS: LiteralString = (
    "insert into webhook_retry_queue (webhook_type, webhook_event_id, payload) values ('bench', %s, '{}')"
)
DUE: LiteralString = """
insert into webhook_retry_queue (webhook_type, webhook_event_id, payload, next_retry_at)
select 'bench', id, '{}', due from unnest(%s::text[], %s::timestamptz[]) as row(id, due)
"""
# What enqueues one job; what the other queues' clients write beside it costs their feeder only, not the pick-up.
ENQUEUE: dict[str, LiteralString] = {
    "nightshift": """
        insert into webhook_retry_queue (webhook_type, webhook_event_id, payload) values ('bench', %s, '{}')""",
    "graphile-worker": "select graphile_worker.add_job('noop', json_build_object('id', %s::text))",
    "pgqueuer": """
        insert into pgqueuer (priority, entrypoint, payload, execute_after, status)
        values (0, 'noop', convert_to(%s, 'utf8'), now(), 'queued')""",
    "procrastinate": """
        select procrastinate_defer_jobs_v1(array[
            row('bench', 'noop', 0, null, null, jsonb_build_object('id', %s::text), null)
            ::procrastinate_job_to_defer_v1])""",
}


def one_by_one(connection: psycopg.Connection, system: str, rows: int, gap: float) -> dict[str, float]:
    """Enqueue each after a random time of up to twice `gap` seconds; when it was committed, as its client knows."""
    committed = {}
    for number in range(-WARM, rows):
        time.sleep(random.uniform(0, 2 * gap))  # noqa: S311 - no secret
        connection.execute(ENQUEUE[system], [str(number)], prepare=True)
        committed[str(number)] = time.time()
    return committed


def at_set_times(connection: psycopg.Connection, rows: int, gap: float) -> dict[str, float]:
    """Enqueue all in one statement; when each is due."""
    first = time.time() + START
    due = {str(number): first + random.uniform(0, rows * gap) for number in range(-WARM, rows)}  # noqa: S311
    connection.execute(DUE, [list(due), [datetime.fromtimestamp(at, UTC) for at in due.values()]])
    return due


def main(way: str, url: str, system: str, rows: str, gap: str) -> None:
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        time.sleep(START)
        if way == "due":
            at = at_set_times(connection, int(rows), float(gap))
        else:
            at = one_by_one(connection, system, int(rows), float(gap))
    print(json.dumps({"at": {number: moment for number, moment in at.items() if int(number) >= 0}}))


if __name__ == "__main__":
    main(*sys.argv[1:])
