"""The page of the case "cost": what was metered, the months, the database's share, lingering."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from tests.benchmarks import plot
from tests.benchmarks.bench import Series
from tests.benchmarks.cases.cost import bill
from tests.benchmarks.cases.cost.bill import Bill, Mode, Work
from tests.benchmarks.cases.cost.metered import EMPTY, INTAKE, LINES, LINGERING
from tests.benchmarks.report import Table, number

VOLUMES = (1_000, 100_000, 10_000_000)  # messages a day
CURVE = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
MODES = (
    Mode("every minute, lingers 55 s", 60.0, 55.0),
    Mode("every minute, no lingering", 60.0),
    Mode("every 10 s, no lingering", 10.0),
)
RARE = (Mode("every 5 minutes, no lingering", 300.0),)
LINGERS = (0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60)  # seconds of each minute
REPLIES, RETRIES = LINES[0].name, LINES[4].name
FIELDS = ("round_trips", "rows_written", "wal_bytes", "client_cpu_ms", "server_cpu_ms")
SENDERS = (
    "The senders do nothing: what a provider's client costs comes on top, and what an event of Stripe costs where a "
    "webhook is tried again. One message at a time is what a queue costs where few come. Cold starts are not in it."
)
LIMITS = (
    "Neither cloud's scheduler fires more often than once a minute: every 10 s is what six schedules, or a timer "
    "elsewhere, would cost. Ten million messages a day are 116 a second; one bot of Telegram may send 30."
)


@dataclass(frozen=True)
class Plan:
    """One way to run a function: how it is fired, and the month of so many messages a day."""

    function: str
    fired: str
    price: Callable[[float], Bill]
    waits: tuple[float, float] = (0.0, 0.0)


def plans(works: Mapping[str, Work]) -> Iterator[Plan]:
    for name, work in works.items():
        if name == INTAKE:
            yield Plan(name, "one call an event", partial(bill.posted, work))
        else:
            for mode in RARE if name == RETRIES else MODES:
                waits = mode.wait(0.5), mode.wait(0.99)
                yield Plan(name, mode.name, partial(bill.scheduled, work, mode), waits)


def metered(series: Series) -> Table:
    rows = [[name, *(small(series.median(name, field)) for field in FIELDS)] for name in series.samples]
    header = ("of", "round trips", "rows written", "WAL bytes", "function's CPU ms", "PostgreSQL's CPU ms")
    caption = "Per message, or what the line names. Each run begins right after a checkpoint: the log holds full pages."
    return Table(header, rows, caption)


def small(value: float) -> str:
    return f"{value:.3f}" if value < 1 else number(value)


def months(works: Mapping[str, Work]) -> Table:
    rows = []
    for plan in plans(works):
        found = [plan.price(volume) for volume in VOLUMES]
        cells = [f"${dollars(month.aws)} / ${dollars(month.google)}" for month in found]
        rows.append([plan.function, plan.fired, *cells, *(f"{wait:.1f} s" for wait in plan.waits)])
    header = ("function", "fired", *volumes(), "wait p50", "wait p99")
    return Table(header, rows, "A month on AWS / on Google, and how long a message waits for an invocation:")


def volumes() -> list[str]:
    return [f"{volume:,} a day" for volume in VOLUMES]


def dollars(value: float) -> str:
    return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"


def database(series: Series) -> Table:
    names = [name for name in series.samples if name not in (EMPTY, LINGERING)]
    rows = [[name, *(taken(series, name, volume) for volume in VOLUMES)] for name in names]
    caption = "What a day takes of the database (CPU of one core, log), whose price depends on what else it does:"
    return Table(("of", *volumes()), rows, caption)


def taken(series: Series, name: str, daily: int) -> str:
    share = series.median(name, "server_cpu_ms") * daily / (bill.DAY * 1000)
    return f"{share:.3%}, {number(series.median(name, 'wal_bytes') * daily / 1e6)} MB"


def lingered(series: Series, works: Mapping[str, Work]) -> Table:
    """Lingering against polling at 100,000 messages a day: money, wait, and what empty time costs the database."""
    rows = []
    for mode in modes() if {REPLIES, LINGERING} <= {*works, *series.samples} else ():
        month = bill.scheduled(works[REPLIES], mode, VOLUMES[1])
        looks = series.median(LINGERING, "round_trips") * mode.linger
        share = series.median(LINGERING, "server_cpu_ms") / 1000 * mode.linger / mode.period
        cells = [
            f"${dollars(month.aws)}",
            f"${dollars(month.google)}",
            f"{mode.mean_wait:.1f}",
            f"{mode.wait(0.99):.1f}",
        ]
        rows.append([f"{mode.linger:.0f} s", *cells, number(looks), f"{share:.2%}"])
    header = ("lingers", "AWS", "Google", "mean wait s", "p99 wait s", "round trips a minute", "core of the database")
    return Table(
        header, rows, "deliver-responses, fired every minute, 100,000 replies a day; the last two while none is due:"
    )


def modes() -> list[Mode]:
    return [Mode(f"lingers {linger} s", 60.0, linger) for linger in LINGERS]


def charts(works: Mapping[str, Work]) -> dict[str, str]:
    if REPLIES not in works:
        return {}
    found = partial(bill.scheduled, works[REPLIES])
    by_volume = {mode.name: [(float(daily), found(mode, daily).aws) for daily in CURVE] for mode in MODES}
    by_linger = {
        "US dollars a month, AWS": [(mode.linger, found(mode, VOLUMES[1]).aws) for mode in modes()],
        "mean wait for an invocation, s": [(mode.linger, mode.mean_wait) for mode in modes()],
    }
    title, lingers = "Replies: a month on AWS, list price", "100,000 replies a day: lingering"
    return {
        "cost.svg": plot.lines(title, by_volume, "messages a day", "US dollars", log_x=True, log_y=True),
        "cost_linger.svg": plot.lines(lingers, by_linger, "seconds of each minute", "US dollars; seconds"),
    }


def as_data(works: Mapping[str, Work]) -> list[dict[str, object]]:
    return [
        {"function": plan.function, "fired": plan.fired, "messages_a_day": volume, **vars(plan.price(volume))}
        for plan in plans(works)
        for volume in VOLUMES
    ]
