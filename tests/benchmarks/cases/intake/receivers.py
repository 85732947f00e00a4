"""Who takes the events in: how each is served, what it needs, what it guarantees, how its work is counted."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import LiteralString

from tests.benchmarks import install
from tests.benchmarks.install import ROOT

POOL = 8  # connections to PostgreSQL that each receiver may have
PEERS = Path(__file__).parents[2] / "peers"
UVICORN = [sys.executable, "-m", "uvicorn", "--log-level", "warning", "--no-access-log"]
USERS = "insert into users (id) select lpad(to_hex(n), 32, '0')::uuid from generate_series(1, 1000) n"
KEPT = "select count(*), count(*) filter (where status in ('received', 'failed')) from webhook_events"
TABLE = """
create table bare_events (
    event_id text primary key, event_type text not null, event_created timestamptz not null, raw_body text not null,
    received_at timestamptz not null default now())
"""


@dataclass(frozen=True)
class Receiver:
    """One server in one process.

    Attributes:
        command: how it is started; its port follows as an argument of its own.
        count: SQL that counts the events which it has kept, and those of them whose effects are still to come.
        fill: SQL that readies a fresh database.
        template: the database that a fresh one is a copy of, unless ours or an empty one.
        path: where it expects events.
        env: further variables, beside DATABASE_URL, DB_POOL_MAX and STRIPE_WEBHOOK_SECRETS.
        once, effects, setup: what it guarantees and how it is configured, in a few words.
    """

    name: str
    command: list[str]
    count: LiteralString
    once: str
    effects: str
    setup: str
    fill: LiteralString = "select"
    template: str | None = None
    migrated: bool = False
    path: str = "/"
    env: Mapping[str, str] = field(default_factory=dict)


OURS = Receiver(
    name="Nightshift",
    command=[*UVICORN, "--factory", "functions_framework.aio:create_asgi_app", "--port"],
    count=KEPT,
    once="yes, by the event's id",
    effects="orders, balances, subscriptions and mails, in the event's own commit",
    setup=f"functions-framework under uvicorn, as it is deployed; DB_POOL_MAX={POOL}",
    fill=USERS,
    migrated=True,
    env={
        "FUNCTION_TARGET": "main",
        "FUNCTION_SOURCE": str(ROOT / "functions" / "stripe_webhook" / "main.py"),
        "K_SERVICE": "stripe-webhook",
    },
)
BARE = Receiver(
    name="bare ASGI",
    command=[*UVICORN, "tests.benchmarks.workers.stripe_bare:app", "--port"],
    count="select count(*), 0 from bare_events",
    once="yes, by the event's id",
    effects="none",
    setup=f"the same uvicorn; HMAC, json.loads, one prepared autocommit insert over psycopg's pool of {POOL}",
    fill=TABLE,
)
PEER = Receiver(
    name="dj-stripe",
    command=[
        *(str(install.PYTHON), "-m", "gunicorn", "--chdir", str(PEERS), "--log-level", "warning"),
        *("--workers", "1", "--worker-class", "gthread", "--threads", str(POOL), "--keep-alive", "75"),
        *("with_djstripe:application", "--bind"),
    ],
    count="select count(*), 0 from djstripe_webhookeventtrigger where valid",
    once="no: every delivery is a row",
    effects="none: left to a task queue, which is not measured",
    setup=(
        "verify_signature; DJSTRIPE_WEBHOOK_EVENT_CALLBACK does nothing, so that Stripe's API is not called; "
        f"gunicorn, {POOL} threads"
    ),
    template="bench_djstripe",
    path="/stripe/webhook/00000000-0000-0000-0000-000000000001/",
)
RECEIVERS = (OURS, BARE, PEER)
PREPARE_PEER = [str(install.PYTHON), str(PEERS / "with_djstripe.py")]
