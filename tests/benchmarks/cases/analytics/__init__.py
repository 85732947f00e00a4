"""The case "analytics": what a refresh costs beside ten million events, and what their inserts do."""

from tests.benchmarks import plot
from tests.benchmarks.bench import Bench, Sample, Series
from tests.benchmarks.cases.analytics import refreshing
from tests.benchmarks.cases.analytics.history import EVENTS, USERS, populate, remember
from tests.benchmarks.cases.analytics.refreshing import ALONE, HISTORY, NEW
from tests.benchmarks.report import Report, Table, Target, number, spread
from tests.benchmarks.server import TEMPLATE

NAME, TITLE = "analytics", "Refreshing analytics"
MOST = 2.0  # times what the new events alone cost, at most
COST = {"cpu": "seconds of processor", "seconds": "seconds", "pages": "pages looked at"}
JUDGED = ("cpu", "pages")  # what others do on the machine meanwhile is in the seconds alone


def measure(bench: Bench) -> Report:
    """Refreshes and one recomputation beside a history, refreshes without, inserts."""
    with bench.server.database("analytics_history", template=TEMPLATE) as url:
        populate(bench, url)
        remember(bench, url)
        refreshed = refreshing.refreshes(bench, url)
        whole = refreshing.recomputation(bench, url)
    return report(bench, refreshed, whole, refreshing.inserts(bench))


def report(bench: Bench, refreshed: Series, whole: Sample, inserted: Series) -> Report:
    return Report(
        summary=(
            f"{bench.scaled(USERS):,} users have a year behind them: {bench.scaled(EVENTS):,} events, a study log of "
            f"four days in seven, a step of their path a week. Then {NEW:,} new events come, and a twentieth of the "
            "users complete an entry; `refresh_all_views()` brings the roll-ups up to date and renews all seven views. "
            "Beside it the same new rows in a database of the same users that has nothing else. The figures were "
            "compared with a recomputation from the sources and are the same. Processor time is all of the server's."
        ),
        tables=[refreshes(refreshed, whole), inserts(inserted)],
        charts={f"{NAME}.svg": plot.bars(TITLE, bars(refreshed, whole), "seconds of processor")},
        targets=[dearer(refreshed, field) for field in JUDGED],
        data={"refreshed": refreshed.as_json(), "recomputed": dict(whole), "inserted": inserted.as_json()},
    )


def dearer(series: Series, field: str) -> Target:
    what = f"a refresh beside the history, of one of the new events alone: {COST[field]}"
    return Target(what, series.ratio(HISTORY, ALONE, field), MOST, at_least=False)


def refreshes(series: Series, whole: Sample) -> Table:
    rows = [[f"refresh {key}", *(cell(series, key, each) for each in COST)] for key in series]
    once = ["recomputation, once", number(whole["cpu"]), number(whole["seconds"]), ""]
    return Table(("", *COST.values()), [*rows, once])


def inserts(series: Series) -> Table:
    return Table(("500 events in one statement", "ms"), [[key, cell(series, key, "ms")] for key in series])


def cell(series: Series, key: str, field: str) -> str:
    return spread(series.values(key, field), series.median(key, field))


def bars(series: Series, whole: Sample) -> dict[str, dict[str, float]]:
    refreshed = {key: {"refresh": series.median(key, "cpu")} for key in series}
    return refreshed | {"recomputation": {"refresh": whole["cpu"]}}
