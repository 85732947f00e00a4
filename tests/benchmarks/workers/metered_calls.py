"""Calls of deployed functions by Lambda's handler, with every meter read.

`idle URL FUNCTION LINGER TIMES`: invocations that find an empty queue. `intake URL EVENTS`: signed events of Stripe,
two a purchase.
"""

import base64
import json
import os
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import psycopg

from shared import entrypoint
from tests.benchmarks.workers.meter import Meter, difference
from tests.payments import SECRET, Purchase, signature

GRANTED = 60_000  # milliseconds of an invocation
WARM = 10  # calls before the meters start: of a second call on, nothing is imported or opened
TIMER = {"source": "bench"}
BUYERS = """
    insert into users (telegram_id, email)
    select n, 'user' || n || '@example.org' from generate_series(1, %s) n returning id"""


class Context:
    """What a handler reads of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        return GRANTED


def idle(url: str, function: str, linger: str, times: str) -> dict[str, Any]:
    os.environ["LINGER_SECONDS"] = "0"
    handler = import_module(f"functions.{function.replace('-', '_')}.main").handler
    for _ in range(WARM):
        handler(TIMER, Context())
    settings = entrypoint.resources().settings
    vars(entrypoint.resources())["settings"] = settings.model_copy(update={"linger_seconds": float(linger)})
    return measured(url, handler, [TIMER] * int(times))


def intake(url: str, events: str) -> dict[str, Any]:
    os.environ["STRIPE_WEBHOOK_SECRETS"] = SECRET
    handler = import_module("functions.stripe_webhook.main").handler
    purchases = made(url, int(events) // 2 + WARM)
    for event in purchases[: 2 * WARM]:
        handler(event, Context())
    return measured(url, handler, purchases[2 * WARM :])


def made(url: str, number: int) -> list[dict[str, Any]]:
    """The two events of each purchase, signed, as API Gateway hands them in."""
    with psycopg.connect(url, autocommit=True) as connection:
        buyers = connection.execute(BUYERS, [number]).fetchall()
    purchases = [Purchase(buyer) for (buyer,) in buyers]
    return [posted(json.dumps(event)) for bought in purchases for event in (bought.checkout(), bought.paid())]


def posted(body: str) -> dict[str, Any]:
    http = {"method": "POST", "sourceIp": "192.0.2.1"}
    headers = {"stripe-signature": signature(body.encode()), "content-type": "application/json"}
    return {"requestContext": {"http": http}, "rawPath": "/stripe-webhook", "headers": headers, "body": body}


def measured(url: str, handler: entrypoint.Lambda, events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Call a warm function once per event; what all calls cost together."""
    meter, db, run = Meter(url), entrypoint.resources().db, entrypoint.loop().run_until_complete
    run(db.rows(b"select pg_stat_force_next_flush()"))
    counted = meter.counted()
    trips, before, started = db.round_trips, meter.spent(), time.perf_counter()
    answers = [handler(event, Context()) for event in events]
    seconds, after, trips = time.perf_counter() - started, meter.spent(), db.round_trips - trips
    run(entrypoint.resources().close())
    meter.alone()
    told = {
        "handled": sum(map(went_well, answers)),
        "seconds": seconds,
        "round_trips": trips,
        **difference(before, after),
    }
    return told | difference(counted, meter.counted())


def went_well(answer: dict[str, Any]) -> bool:
    """Whether a run ended well, or an event was processed: one that is queued is answered with 200, too."""
    content = json.loads(base64.b64decode(answer["body"])) if "body" in answer else answer
    return content.get("status") in ("success", "processed")


def main(action: str, url: str, *told: str) -> None:
    os.environ["DATABASE_URL"] = url
    print(json.dumps(intake(url, *told) if action == "intake" else idle(url, *told)))


if __name__ == "__main__":
    main(*sys.argv[1:])
