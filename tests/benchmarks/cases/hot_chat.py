"""The case "one hot chat": very many replies of one chat in front of those of many, order kept within every chat."""

import sys
from functools import partial

import psycopg

from tests.benchmarks import plot
from tests.benchmarks.bench import Bench, FailedError, Sample, Series, answer, script
from tests.benchmarks.report import Report, Table, Target, number, spread

NAME, TITLE = "hot_chat", "One hot chat"
OTHERS, HOT, BATCH = 5000, 10_000, 50
KEPT = 0.8  # of the figure without the hot chat, at least
WORKER = "tests.benchmarks.workers.hot_chat"
ALONE, BEHIND = "without the hot chat", "behind it"
# The others' delivered replies, the hot chat's, and those of any chat that went out before an earlier one of theirs.
CHECK = """
select count(*) filter (where status = 'delivered' and telegram_chat_id <> 1000000000),
       count(*) filter (where status = 'delivered' and telegram_chat_id = 1000000000),
       count(*) filter (where status = 'delivered' and delivered_at < before)
from (
    select *, max(coalesce(delivered_at, 'infinity')) over (
        partition by telegram_chat_id order by scheduled_at, id
        rows between unbounded preceding and 1 preceding) as before
    from pending_responses) r
"""


def measure(bench: Bench) -> Report:
    """The time until the other chats have their replies, with and without the hot chat in front of them."""
    series = bench.interleave({ALONE: partial(one, bench, 0), BEHIND: partial(one, bench, bench.scaled(HOT))})
    return Report(
        summary=(
            f"{bench.scaled(OTHERS):,} due replies of as many chats at batch {BATCH}, alone and behind "
            f"{bench.scaled(HOT):,} replies of one other chat that have been due for longer. The rate is theirs, until "
            f"the last one of them is delivered and settled: medians of {bench.rounds} interleaved rounds, in brackets "
            "the slowest and the fastest one. Limits are asked in Redis and do not bind; that every chat's order was "
            "kept is checked from the rows of each round."
        ),
        tables=[rates(series)],
        charts={f"{NAME}.svg": plot.bars(TITLE, bars(series), "rows per second")},
        targets=[Target("of the figure without the hot chat", series.ratio(BEHIND, ALONE, "rate"), KEPT)],
        data=series.as_json(),
    )


def one(bench: Bench, hot: int) -> Sample:
    """Deliver the others' replies with `hot` ones of one chat in front of them.

    Returns:
        rate: the others' rows per second; hot: the hot chat's rows that went out in that time.

    Raises:
        FailedError: not all of them were delivered, or out of their order.
    """
    others = bench.scaled(OTHERS)
    with bench.server.database("bench", migrated=True) as url:
        told = [url, str(others), str(BATCH)]
        with bench.server.filling():
            script([sys.executable, "-m", WORKER, "fill", *told, str(hot)])
        bench.server.settle(url)
        said = answer([sys.executable, "-m", WORKER, "drain", *told, bench.server.redis()])
        with psycopg.connect(url) as connection:
            delivered, meanwhile, disorder = connection.execute(CHECK).fetchone() or (0, 0, 0)
    if (delivered, disorder) != (others, 0):
        raise FailedError(f"{delivered} of {others} were delivered, {disorder} of all out of their order")
    return {"rate": others / said["seconds"], "hot": meanwhile}


def rates(series: Series) -> Table:
    rows = [
        [name, spread(series.values(name, "rate"), series.median(name, "rate")), number(series.median(name, "hot"))]
        for name in series
    ]
    return Table(("the other chats' replies", "rows per second", "replies of the hot chat meanwhile"), rows)


def bars(series: Series) -> dict[str, dict[str, float]]:
    return {name: {"rate": series.median(name, "rate")} for name in series}
