"""The case "backlog": due rows among very many later and finished ones, against the same without them."""

from collections.abc import Sequence
from functools import partial

from tests.benchmarks import plot
from tests.benchmarks.bench import Bench, FailedError, Sample, Series, console, script
from tests.benchmarks.measure import drained
from tests.benchmarks.ours import REPLIES, WEBHOOKS
from tests.benchmarks.peers import PEERS
from tests.benchmarks.report import Report, Table, Target, number, spread
from tests.benchmarks.server import TEMPLATE
from tests.benchmarks.systems import System, guarantees, wanted

NAME, TITLE = "backlog", "Due rows in a backlog"
ROWS, BATCH = 5000, 50
CROWD = 1_000_000  # later rows, and as many finished ones
FILLING = 900.0  # seconds that a system gets to enqueue all that
KEPT = 0.9  # of the figure without them, at least
LATER_ROW = 40  # bytes that a later row takes in a database, at the very least
JUDGED = (WEBHOOKS, REPLIES)
SYSTEMS = (*JUDGED, *(peer for peer in PEERS if peer.backlog))
ALONE, AMONG = "alone", "among"


def measure(bench: Bench) -> Report:
    """Drain a copy of each of a system's two databases, round after round."""
    able = [each for each in wanted(bench, SYSTEMS) if built(bench, each)]
    series = bench.interleave(
        {key(each, crowd): partial(one, bench, each, crowd) for each in able for crowd in (ALONE, AMONG)}
    )
    found = [each for each in able if key(each, ALONE) in series and key(each, AMONG) in series]
    return Report(
        summary=(
            f"{bench.scaled(ROWS):,} due rows at batch {BATCH}, alone and among {bench.scaled(CROWD):,} rows that are "
            f"due in a year and {bench.scaled(CROWD):,} finished ones, all enqueued before them. Rows per second: "
            f"medians of {bench.rounds} interleaved rounds, in brackets the slowest and the fastest one. Each "
            "measurement has its own copy of a filled database at rest (VACUUM ANALYZE, CHECKPOINT)."
        ),
        tables=[rates(series, found), guarantees(found)],
        charts={f"{NAME}.svg": plot.bars(TITLE, bars(series, found), "rows per second")},
        targets=[Target(f"{each.name}, of the figure alone", kept(series, each), KEPT) for each in JUDGED],
        data=series.as_json(),
    )


def key(system: System, crowd: str) -> str:
    return f"{system.name}, {crowd}"


def template(system: System, crowd: str) -> str:
    return f"bench_{SYSTEMS.index(system)}_{crowd}"


def built(bench: Bench, system: System) -> bool:
    """Fill the two databases that each round's are copied from; False if the system cannot."""
    console.print(f"Filling {system.name} ...")
    try:
        grown = filled(bench, system, AMONG) - filled(bench, system, ALONE)
    except FailedError as error:
        bench.missing[system.name] = str(error)
        return False
    if grown < LATER_ROW * bench.scaled(CROWD):
        bench.missing[system.name] = "it enqueued no later rows"
    return system.name not in bench.missing


def filled(bench: Bench, system: System, crowd: str) -> int:
    """Fill one of the two databases; its bytes."""
    server, name = bench.server, template(system, crowd)
    server.create(name, TEMPLATE if system.migrated else "template0")
    others = str(bench.scaled(CROWD))
    more = ("later", others, "finished", others) if crowd == AMONG else ()
    with server.filling():
        script(system.command("fill", server.postgres.url(name), given(bench, system), BATCH, *more), FILLING)
    server.settle(server.postgres.url(name))
    return int(server.value("select pg_database_size(%s)", name))


def given(bench: Bench, system: System) -> int:
    """The due rows that a system is given."""
    return min(bench.scaled(ROWS), system.most or ROWS)


def one(bench: Bench, system: System, crowd: str) -> Sample:
    with bench.server.database("bench", template=template(system, crowd)) as url:
        bench.server.rest()
        return drained(bench, system, url, given(bench, system), BATCH)


def kept(series: Series, system: System) -> float:
    return series.ratio(key(system, AMONG), key(system, ALONE), "rate")


def rates(series: Series, systems: Sequence[System]) -> Table:
    rows = [
        [each.name, *(shown(series, key(each, crowd)) for crowd in (ALONE, AMONG)), number(kept(series, each))]
        for each in systems
    ]
    return Table(("system", ALONE, AMONG, "ratio"), rows, "Rows per second:")


def shown(series: Series, name: str) -> str:
    return spread(series.values(name, "rate"), series.median(name, "rate"))


def bars(series: Series, systems: Sequence[System]) -> dict[str, dict[str, float]]:
    return {each.name: {crowd: series.median(key(each, crowd), "rate") for crowd in (ALONE, AMONG)} for each in systems}
