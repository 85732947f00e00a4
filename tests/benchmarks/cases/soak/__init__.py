"""The case "soak": half an hour of steady work with autovacuum on. Does anything grow that should not?"""

from tests.benchmarks.bench import Bench
from tests.benchmarks.cases.soak import page
from tests.benchmarks.cases.soak.sampler import TABLES
from tests.benchmarks.cases.soak.soaked import RATE, WORKERS, Soak, soak
from tests.benchmarks.cases.soak.steady import figures
from tests.benchmarks.report import Report, Target

NAME, TITLE = "soak", "Soak"
STEADY = 1.5  # times the second third, at most, in the last one


def measure(bench: Bench) -> Report:
    """One soak, however many rounds are asked for."""
    found = soak(bench)
    shown = figures(found)
    return Report(
        summary=(
            f"{RATE} rows a second for {found.seconds:,.0f} s: half of them replies of 5,000 chats, half webhook "
            f"retries; half due at once, half within ten seconds. {WORKERS} processes linger over both queues, with "
            "autovacuum on and limits in Redis that never bind. One run. Finished rows stay, as they do for 30 days: "
            "what may not grow is what a row takes and the claim's index, and how long a claim and a row's way to its "
            "settlement last."
        ),
        tables=[page.thirds(shown), page.looks(found), page.counts(found)],
        charts=page.charts(found),
        targets=[*(steady(name, values) for name, values in shown.items()), *exact(found)],
        notes=[page.SHORT],
        data={"thirds": shown, **page.as_data(found)},
    )


def steady(name: str, thirds: list[float]) -> Target:
    _, second, last = thirds
    ratio = last / second if second else float("nan")
    return Target(f"last third of the second: {name}", ratio, STEADY, at_least=False)


def exact(found: Soak) -> list[Target]:
    fed = sum(found.fed[queue] for queue in TABLES)
    lost = fed - sum(found.left[queue]["sent"] for queue in TABLES)
    again = sum(found.sent.values()) - fed + sum(found.left[queue]["doubted"] for queue in TABLES)
    return [
        Target("rows lost", lost, 0, at_least=False),
        Target("sends too many, and rows that may have been sent twice", again, 0, at_least=False),
    ]
