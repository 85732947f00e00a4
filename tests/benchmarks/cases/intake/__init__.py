"""The case "webhook intake": Stripe's signed events over HTTP into a durable database, one process that takes them."""

import sys
from collections.abc import Sequence
from functools import partial

import psycopg

from tests.benchmarks import install, plot
from tests.benchmarks.bench import Bench, FailedError, Sample, Series, answer, script
from tests.benchmarks.cases.intake.receivers import BARE, OURS, PEER, POOL, PREPARE_PEER, RECEIVERS, Receiver
from tests.benchmarks.cases.intake.serving import secrets, served
from tests.benchmarks.report import Report, Table, Target, number, spread

NAME, TITLE = "intake", "Webhook intake"
EVENTS, WARM = 4000, 1600  # events measured, and those before them, after which plans and pools are warm
CONNECTIONS = (8, 64)
OF_PEER, OF_BARE = 5.0, 0.6  # of their figures, at least
PREPARE_WITHIN = 900.0  # seconds for the peer's migrations
LOAD = [sys.executable, "-m", "tests.benchmarks.workers.stripe_load"]
COLUMNS = {"p50": "p50 ms", "p99": "p99 ms", "client_ms": "its CPU ms", "server_ms": "PostgreSQL's CPU ms"}
COLUMNS |= {"late": "% queued for later", "load": "the load's share of a core"}


def measure(bench: Bench) -> Report:
    """Send the same mix of events to every receiver, over few and over many connections."""
    able = [each for each in RECEIVERS if bench.wants(each.name) and ready(bench, each)]
    series = bench.interleave({key(each, n): partial(one, bench, each, n) for each in able for n in CONNECTIONS})
    return Report(
        summary=(
            f"{bench.scaled(EVENTS):,} signed events after {bench.scaled(WARM):,} others that warm up: purchases and "
            "subscriptions; six of eight events have effects, one of eight a receipt that is queued. Events per "
            f"second: medians of {bench.rounds} interleaved rounds, in brackets the slowest and the fastest one. Each "
            "event was answered with 200 and is counted in the database afterwards. One process each, at most "
            f"{POOL} connections to a durable PostgreSQL; load and PostgreSQL share the machine."
        ),
        tables=[rates(series), guarantees(able)],
        charts={f"{NAME}.svg": plot.bars(TITLE, bars(series, able), "events per second")},
        targets=[target(series, *bound, n) for bound in ((PEER, OF_PEER), (BARE, OF_BARE)) for n in CONNECTIONS],
        data=series.as_json(),
    )


def key(receiver: Receiver, connections: int) -> str:
    return f"{receiver.name} @ {connections}"


def target(series: Series, other: Receiver, bound: float, connections: int) -> Target:
    ratio = series.ratio(key(OURS, connections), key(other, connections), "rate")
    return Target(f"of {other.name}'s figure at {connections} connections", ratio, bound)


def ready(bench: Bench, receiver: Receiver) -> bool:
    """Install the peer and run its migrations, once a run: later databases are copies."""
    if receiver.template is None:
        return True
    fault = install.python()
    if fault is None:
        bench.server.drop(receiver.template)
        bench.server.create(receiver.template, "template0")
        try:
            told = secrets(bench.server.postgres.url(receiver.template))
            script(["env", *(f"{name}={value}" for name, value in told.items()), *PREPARE_PEER], PREPARE_WITHIN)
        except FailedError as error:
            fault = str(error)
    if fault is not None:
        bench.missing[receiver.name] = fault
    return fault is None


def one(bench: Bench, receiver: Receiver, connections: int) -> Sample:
    """Send the events to one receiver over a fresh database.

    Returns:
        rate: events per second; p50, p99: milliseconds from sending to the answer; client_ms, server_ms: CPU per event
        of the receiver and of PostgreSQL; late: percent of the events that are kept and whose effects are queued, all
        three warming up included; load: the part of a core that the load took.

    Raises:
        FailedError: an event was not answered with 200, or is not in the database.
    """
    events, warm = bench.scaled(EVENTS), bench.scaled(WARM)
    template = {"template": receiver.template} if receiver.template else {}
    with bench.server.database("bench", migrated=receiver.migrated, **template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(receiver.fill)
        bench.server.settle(url)
        with served(receiver, url) as (port, spent):
            before, cpu = bench.server.cpu_seconds(), spent()
            said = answer([*LOAD, str(port), receiver.path, str(connections), str(events), str(warm)])
            cpu, server = spent() - cpu, bench.server.cpu_seconds() - before
        with psycopg.connect(url) as connection:
            kept, late = connection.execute(receiver.count).fetchone() or (0, 0)
    if (said["kept"], kept) != (events, events + warm):
        raise FailedError(f"{said['kept']} of {events} were answered with 200, {kept} of {events + warm} are kept")
    per_event = 1000 / (events + warm)
    return {
        "rate": events / said["seconds"],
        "p50": said["p50"],
        "p99": said["p99"],
        "client_ms": cpu * per_event,
        "server_ms": server * per_event,
        "late": 100 * late / kept,
        "load": said["cpu"] / said["seconds"],
    }


def rates(series: Series) -> Table:
    rows = [
        [
            *name.split(" @ "),
            spread(series.values(name, "rate"), series.median(name, "rate")),
            *(number(series.median(name, column)) for column in COLUMNS),
        ]
        for name in series
    ]
    header = ("receiver", "connections", "events per second", *COLUMNS.values())
    return Table(
        header,
        rows,
        "CPU is per event, warming up included; what is queued for later was answered with 200, too:",
    )


def guarantees(receivers: Sequence[Receiver]) -> Table:
    rows = [[each.name, each.once, each.effects, each.setup] for each in receivers]
    return Table(("receiver", "an event sent twice counts once", "effects with the answer", "setup"), rows)


def bars(series: Series, receivers: Sequence[Receiver]) -> dict[str, dict[str, float]]:
    return {
        each.name: {
            f"{n} connections": series.median(key(each, n), "rate") for n in CONNECTIONS if key(each, n) in series
        }
        for each in receivers
    }
