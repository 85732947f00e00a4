"""The console's pages, one after the other: how long the function takes for each beside very many rows."""

import asyncio
import json
import sys
import time
from statistics import quantiles
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import psycopg
from psycopg.rows import dict_row

from functions.console import session
from functions.console.main import app
from shared import auth, sql, table
from shared.resources import Resources
from shared.settings import Settings
from shared.web import Request

SQL = sql.beside(__file__, "console_fill.sql")
KEY = "a-key-of-thirty-two-characters-or-more"
WARM = 20  # calls before the first that counts: templates are compiled, the pool has its connections
PLACES = {
    "overview": "/console",
    "a task": "/console/tasks/apply-decay",
    "queues": "/console/queues",
    "a queue": "/console/queues/email_queue",
    "its rows": "/console/queues/email_queue/rows",
    "its pending rows": "/console/queues/email_queue/rows?status=pending",
    "a row": "/console/queues/email_queue/rows/{row}",
    "its dead letters": "/console/queues/email_queue/dead-letters",
    "runs": "/console/runs",
    "failed runs": "/console/runs?status=failed",
    "a run": "/console/runs/{run}",
    "webhooks": "/console/webhooks",
    "failed webhooks": "/console/webhooks?status=failed",
    "webhooks of a type that is not there": "/console/webhooks?type=none",
    "a webhook": "/console/webhooks/{event}",
    "suppressions": "/console/suppressions",
    "audit": "/console/audit",
    "acts of nobody": "/console/audit?actor=nobody",
}


def fill(url: str, rows: int, runs: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        given = {"rows": rows, "runs": runs, "jobs": [task.name for task in table.tasks()]}
        for name in ("owner", "replies", "emails", "webhooks", "runs", "events", "suppressions", "acts", "samples"):
            connection.execute(SQL.named[name], given)


async def timed(url: str, name: str, times: int) -> dict[str, float]:
    """Ask for a page so many times: the median and the 95th percentile in milliseconds, and the bytes of the page.

    Raises:
        ValueError: an answer is no page.
    """
    resources = Resources(Settings.model_validate({"database_url": url, "service_keys": KEY, "log_level": "ERROR"}))
    request = asked(PLACES[name].format(**some(url)), resources)
    took, size = [], 0
    for _ in range(WARM + times):
        began = time.perf_counter()
        answer = await app(request, resources)
        took.append((time.perf_counter() - began) * 1000)
        size = len(answer.body)
        if answer.status != 200:
            raise ValueError(f"{name} answered {answer.status}")
        if b"The database does not answer" in answer.body:
            raise ValueError(f"{name} shows what was known before")
    await resources.close()
    cuts = quantiles(took[WARM:], n=100, method="inclusive")
    return {"p50": cuts[49], "p95": cuts[94], "bytes": size}


def asked(place: str, resources: Resources) -> Request:
    """The request of somebody who is signed in."""
    cookie = session.begun(auth.holder(KEY), Request("POST", "/"), resources.settings).partition(";")[0]
    parts = urlsplit(place)
    return Request("GET", parts.path, {"cookie": cookie, "accept": "text/html"}, dict(parse_qsl(parts.query)))


def some(url: str) -> dict[str, Any]:
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(SQL.some).fetchone() or {}


def main(action: str, url: str, *words: str) -> None:
    if action == "fill":
        fill(url, int(words[0]), int(words[1]))
    else:
        print(json.dumps(asyncio.run(timed(url, words[0], int(words[1])))))


if __name__ == "__main__":
    main(*sys.argv[1:])
