"""The case "analytics": what a refresh costs beside ten million events, and who waits while they are pruned."""

from tests.benchmarks import plot
from tests.benchmarks.bench import Bench, Sample, Series
from tests.benchmarks.cases.analytics import pruning, refreshing
from tests.benchmarks.cases.analytics.history import EVENTS, USERS, populate, remember
from tests.benchmarks.cases.analytics.refreshing import ALONE, HISTORY, NEW
from tests.benchmarks.report import Report, Table, Target, number, spread
from tests.benchmarks.server import TEMPLATE

NAME, TITLE = "analytics", "Analytics"
MOST = 2.0  # times what the new events alone cost, at most
STALL = 100.0  # milliseconds that a writer may wait, at most
MONTHS, BATCHES = "dropped by months", "deleted in batches"
COST = {"cpu": "seconds of processor", "seconds": "seconds", "pages": "pages looked at"}
JUDGED = ("cpu", "pages")  # what others do on the machine meanwhile is in the seconds alone


def measure(bench: Bench) -> Report:
    """Refreshes, one recomputation, inserts; then all of the events go, in both ways."""
    with bench.server.database("analytics_history", template=TEMPLATE) as url:
        populate(bench, url)
        remember(bench, url, until=pruning.UNTIL)
        refreshed = refreshing.refreshes(bench, url)
        whole = refreshing.recomputation(bench, url)
        pruned = {MONTHS: pruning.months(bench, url)}
    inserted = refreshing.inserts(bench)
    pruned[BATCHES] = pruning.batches(bench)
    return Report(
        summary=summary(bench),
        tables=[refreshes(refreshed, whole), inserts(inserted), waits(pruned)],
        charts={f"{NAME}.svg": plot.bars(TITLE, bars(refreshed, whole), "seconds of processor")},
        targets=[
            *(dearer(refreshed, field) for field in JUDGED),
            *(stall(name, each) for name, each in pruned.items()),
        ],
        data={
            "refreshed": refreshed.as_json(),
            "recomputed": dict(whole),
            "inserted": inserted.as_json(),
            "pruned": {name: dict(sample) for name, sample in pruned.items()},
        },
    )


def summary(bench: Bench) -> str:
    return (
        f"{bench.scaled(USERS):,} users have a year behind them: {bench.scaled(EVENTS):,} events, a study log of four "
        f"days in seven, a step of their path a week. Then {NEW:,} new events come, and a twentieth of the users "
        "complete an entry; `refresh_all_views()` brings the roll-ups up to date and renews all seven views. Beside it "
        "the same new rows in a database of the same users that has nothing else. The figures were compared with a "
        "recomputation from the sources and are the same. At last all old events go, while a writer inserts 20 every "
        "5 ms: by months as prune-analytics does it, and in batches of 1,000 from a table without partitions. "
        "Processor time is all of the server's."
    )


def dearer(series: Series, field: str) -> Target:
    what = f"a refresh beside the history, of one of the new events alone: {COST[field]}"
    return Target(what, series.ratio(HISTORY, ALONE, field), MOST, at_least=False)


def stall(name: str, sample: Sample) -> Target:
    return Target(f"longest wait of a writer, {name}", sample["longest_ms"], STALL, at_least=False, unit="ms")


def refreshes(series: Series, whole: Sample) -> Table:
    rows = [[f"refresh {key}", *(cell(series, key, each) for each in COST)] for key in series]
    once = ["recomputation, once", number(whole["cpu"]), number(whole["seconds"]), ""]
    return Table(("", *COST.values()), [*rows, once])


def inserts(series: Series) -> Table:
    return Table(("500 events in one statement", "ms"), [[key, cell(series, key, "ms")] for key in series])


def cell(series: Series, key: str, field: str) -> str:
    return spread(series.values(key, field), series.median(key, field))


def waits(pruned: dict[str, Sample]) -> Table:
    rows = [
        [name, *(number(sample[field]) for field in ("seconds", "longest_ms", "p99_ms", "quiet_ms"))]
        for name, sample in pruned.items()
    ]
    return Table(("all old events", "seconds", "writer's longest wait, ms", "p99, ms", "longest by itself, ms"), rows)


def bars(series: Series, whole: Sample) -> dict[str, dict[str, float]]:
    refreshed = {key: {"refresh": series.median(key, "cpu")} for key in series}
    return refreshed | {"recomputation": {"refresh": whole["cpu"]}}
