"""The case "purchases": how long buying, giving and looking up partners take, on a server that keeps its promises."""

import sys
from functools import partial

from tests.benchmarks import plot
from tests.benchmarks.bench import Bench, Sample, Series, answer, script
from tests.benchmarks.report import Report, Table, Target, number, spread

NAME, TITLE = "purchases", "Purchases and partners"
USERS, CALLS, AT_ONCE = 10_000, 500, (1, 8)
SHOP = ("POST /shop/buy", "POST /shop/buy, with a key", "POST /shop/gift")
PARTNERS = ("partners, kept", "partners, not kept")
PURCHASE, LOOK_UP = 15.0, 1.0  # milliseconds, of 95 in 100 calls
WORKER = "tests.benchmarks.workers.purchases"


def measure(bench: Bench) -> Report:
    """Each call again and again over one filled database, by one caller and by several at once."""
    users = bench.scaled(USERS)
    with bench.server.database("bench", migrated=True) as url:
        with bench.server.filling():
            script([sys.executable, "-m", WORKER, "fill", url, str(users)])
        bench.server.settle(url)
        series = bench.interleave(
            {f"{name}, {at_once} at once": partial(one, bench, url, name, at_once) for name, at_once in wanted(bench)}
        )
    return Report(
        summary=(
            f"Calls as the function gets them, the token checked, of players among {users:,} with 20 partners, 10 "
            "items and 50 rows of ledger each; every purchase has its own commit on disk, a gift also its mail in the "
            "queue. HTTP itself is left out. A look-up of partners is the one that other functions make: of a list "
            f"that Redis keeps, and without Redis. {bench.scaled(CALLS):,} calls, medians of {bench.rounds} "
            "interleaved rounds, in brackets the lowest and the highest one."
        ),
        tables=[times(series)],
        charts={f"{NAME}.svg": plot.bars(TITLE, bars(series), "milliseconds")},
        targets=[slowest(series, SHOP, PURCHASE), slowest(series, PARTNERS[:1], LOOK_UP)],
        data=series.as_json(),
    )


def wanted(bench: Bench) -> list[tuple[str, int]]:
    return [(name, at_once) for name in (*SHOP, *PARTNERS) for at_once in AT_ONCE if bench.wants(name)]


def one(bench: Bench, url: str, name: str, at_once: int) -> Sample:
    """The milliseconds of a call: p50, p95; and the calls in a second.

    Raises:
        FailedError: a call failed.
    """
    words = [url, bench.server.redis(), name, str(bench.scaled(CALLS)), str(at_once)]
    return answer([sys.executable, "-m", WORKER, "call", *words])


def slowest(series: Series, names: tuple[str, ...], bound: float) -> Target:
    """Of one caller's calls: several share two cores with the database, and wait for those."""
    alone = [f"{name}, 1 at once" for name in names if f"{name}, 1 at once" in series]
    name = max(alone, key=lambda each: series.median(each, "p95"))
    return Target(f"95 in 100 calls, {name}", series.median(name, "p95"), bound, False, "ms")  # noqa: FBT003


def times(series: Series) -> Table:
    rows = [
        [
            name,
            number(series.median(name, "p50")),
            spread(series.values(name, "p95"), series.median(name, "p95")),
            number(series.median(name, "rate")),
        ]
        for name in series
    ]
    return Table(("call", "the median call, ms", "95 in 100 calls, ms", "calls a second"), rows)


def bars(series: Series) -> dict[str, dict[str, float]]:
    return {name: {"95 in 100 calls": series.median(name, "p95")} for name in series}
