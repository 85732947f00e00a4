"""The case "decay": a date's decay of very many users in one call, beside the bare writing of the same rows."""

from collections.abc import Sequence
from functools import partial
from time import perf_counter

import psycopg

from tests.benchmarks import plot
from tests.benchmarks.bench import Bench, FailedError, Sample, Series, console
from tests.benchmarks.report import Report, Table, Target, spread
from tests.benchmarks.server import TEMPLATE

NAME, TITLE = "decay", "A night's decay"
USERS = 1_000_000
LAST = 100  # one user in so many has one point left
MOST = 1.5  # times the bare statements, at most
FILLED = "bench_decay"
CALL, BARE = "apply_daily_decay", "bare UPDATE and INSERT"
# All have been away for long. Each has a row of the date before, as most have who stay away.
FILL = """
    insert into users (telegram_id, relationship_score, chapter, last_interaction_at)
    select n, case when n %% %(last)s::int = 0 then 1 else 50 end, 1 + n %% 5, '2026-01-01'
    from generate_series(1, %(users)s::int) n"""
BEFORE = """
    insert into score_history (user_id, score, chapter, event_type, event_details, decay_date)
    select id, relationship_score, chapter, 'decay', '{"points": 1}', '2026-03-09' from users"""
# The rules of the chapters as a sum, nobody looked for or locked: only what has to be written.
UPDATE = """
    update users
    set relationship_score = greatest(relationship_score - (6 - chapter), 0), updated_at = now(),
        game_status = case when relationship_score <= 6 - chapter then 'game_over' else game_status end"""
INSERT = """
    insert into score_history (user_id, score, chapter, event_type, event_details, decay_date)
    select id, relationship_score, chapter, 'decay',
           jsonb_build_object('points', case when relationship_score = 0 then 1 else 6 - chapter end), '2026-03-10'
    from users"""
NOTICES = """
    insert into pending_responses (user_id, telegram_chat_id, response_text, idempotency_key)
    select id, telegram_id, 'I waited for you. Take care of yourself.', 'game-over:' || id || ':2026-03-10'
    from users where game_status = 'game_over'"""
STATEMENTS = {CALL: ("select * from apply_daily_decay('2026-03-10')",), BARE: (UPDATE, INSERT, NOTICES)}
# What was written: rows of the date, those that say what users says, and the notices.
CHECK = """
    select count(*), count(*) filter (where h.score = u.relationship_score and (h.event_details ->> 'points')::numeric
               = least(6 - u.chapter, case when u.telegram_id %% %(last)s::int = 0 then 1 else 50 end)),
           (select count(*) from pending_responses)
    from score_history h join users u on u.id = h.user_id
    where h.decay_date = '2026-03-10'"""


def measure(bench: Bench) -> Report:
    """Both on copies of one filled database, round after round."""
    fill(bench)
    series = bench.interleave({name: partial(one, bench, statements) for name, statements in STATEMENTS.items()})
    ratio = series.ratio(CALL, BARE, "seconds")
    return Report(
        summary=(
            f"{bench.scaled(USERS):,} users have stayed away for longer than their chapter allows. `{CALL}` finds and "
            "locks them in order, takes their points, writes the history and tells those whose game is over: one call, "
            "one transaction. Beside it the same rows written by bare statements, which look for nobody and lock "
            f"nothing first. Medians of {bench.rounds} interleaved rounds, in brackets the lowest and the highest one; "
            "each has its own copy of a filled database at rest (VACUUM ANALYZE, CHECKPOINT). Processor time is all of "
            "the server's."
        ),
        tables=[times(series)],
        charts={f"{NAME}.svg": plot.bars(TITLE, bars(series), "seconds")},
        targets=[Target("of the time of the bare statements", ratio, MOST, at_least=False)],
        data=series.as_json(),
    )


def fill(bench: Bench) -> None:
    """The database that each round's are copied from."""
    users = bench.scaled(USERS)
    console.print(f"Filling {users:,} users ...")
    bench.server.create(FILLED, TEMPLATE)
    url = bench.server.postgres.url(FILLED)
    with bench.server.filling(), psycopg.connect(url, autocommit=True) as connection:
        connection.execute(FILL, {"users": users, "last": LAST})
        connection.execute(BEFORE)
    bench.server.settle(url)


def one(bench: Bench, statements: Sequence[str]) -> Sample:
    """One transaction; its seconds, commit included, and those of the server's processors.

    Raises:
        FailedError: it wrote something else than it should have.
    """
    with bench.server.database("bench", template=FILLED) as url, psycopg.connect(url) as connection:
        bench.server.rest()
        cpu, began = bench.server.cpu_seconds(), perf_counter()
        for statement in statements:
            connection.execute(statement.encode())
        connection.commit()
        sample = {"seconds": perf_counter() - began, "cpu": bench.server.cpu_seconds() - cpu}
        found = connection.execute(CHECK, {"last": LAST}).fetchone()
    expected = bench.scaled(USERS), bench.scaled(USERS), bench.scaled(USERS) // LAST
    if found != expected:
        raise FailedError(f"it wrote {found} instead of {expected}: rows, right ones, notices")
    return sample


def times(series: Series) -> Table:
    rows = [
        [name, *(spread(series.values(name, each), series.median(name, each)) for each in ("seconds", "cpu"))]
        for name in series
    ]
    return Table(("", "seconds", "seconds of processor"), rows)


def bars(series: Series) -> dict[str, dict[str, float]]:
    return {name: {each: series.median(name, each) for each in ("seconds", "cpu")} for name in series}
