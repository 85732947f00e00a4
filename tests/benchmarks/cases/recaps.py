"""The case "recaps": a morning's recaps by a Claude that takes 200 ms for each, so many calls under way at once."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg

from shared.settings import load
from tests.benchmarks.bench import Bench, FailedError, Sample, answer
from tests.benchmarks.install import ROOT
from tests.benchmarks.report import Report, Table, Target, number, spread
from tests.benchmarks.server import TEMPLATE

NAME, TITLE = "recaps", "A morning's recaps"
USERS = 10_000
WAIT = 200  # milliseconds until Claude answers
AT_ONCE = load({}).claude_at_once
MOST = 1.3  # times the ideal, at most
FILLED = "bench_recaps"
RUN = "generate-summaries, one invocation"
WORKERS = "tests.benchmarks.workers"
PATIENCE = 1800.0  # seconds for the whole run
# Everybody has talked yesterday, and been scored for it. It is noon where they are.
FILL = """
    insert into users (display_name, timezone, created_at)
    select 'Player ' || n, (select 'Etc/GMT' || case when h > 0 then '-' || h when h < 0 then '+' || -h else '' end
                            from (select 12 - extract(hour from now() at time zone 'UTC')::int as h) as zone),
           '2020-01-01'
    from generate_series(1, %(users)s::int) n"""
TALKS = """
    insert into conversations (user_id, platform, messages, started_at)
    select u.id, 'telegram',
           (select jsonb_agg(jsonb_build_object(
                'role', case when n % 2 = 1 then 'user' else 'assistant' end, 'content', repeat('so many words ', 5)))
            from generate_series(1, 10) n),
           now() - interval '24 hours'
    from users u"""
SCORES = """
    insert into score_history (user_id, score, chapter, event_type, recorded_at)
    select u.id, 40 + n, 1, 'chat', now() - interval '12 hours' * n from users u, generate_series(1, 6) n"""
CHECK = "select count(*), count(distinct user_id), (select count(*) from recap_work) from daily_summaries"


def measure(bench: Bench) -> Report:
    """One invocation a round, each over its own copy of one filled database."""
    fill(bench)
    series = bench.interleave({RUN: lambda: one(bench)})
    ideal = bench.scaled(USERS) / AT_ONCE * WAIT / 1000
    took = series.median(RUN, "seconds") if RUN in series else float("nan")
    return Report(
        summary=(
            f"{bench.scaled(USERS):,} players had a conversation of ten messages yesterday. One invocation of "
            f"`generate-summaries` plans, leases, asks the twin of Claude's API, which answers after {WAIT} ms, with "
            f"{AT_ONCE} calls under way, and writes the summaries. The ideal is {AT_ONCE} calls under way all the time "
            f"and nothing else: {number(ideal)} s. Medians of {bench.rounds} rounds, in brackets the lowest and the "
            "highest one; a round in which somebody was asked for twice, or more calls were under way, does not count."
        ),
        tables=[table(series)] if RUN in series else [],
        targets=[Target("of the ideal time", took / ideal, MOST, at_least=False)],
        data=series.as_json(),
    )


def fill(bench: Bench) -> None:
    """The database that each round's are copied from."""
    bench.server.create(FILLED, TEMPLATE)
    url = bench.server.postgres.url(FILLED)
    with bench.server.filling(), psycopg.connect(url, autocommit=True) as connection:
        connection.execute(FILL, {"users": bench.scaled(USERS)})
        connection.execute(TALKS)
        connection.execute(SCORES)
    bench.server.settle(url)


def one(bench: Bench) -> Sample:
    """One invocation: its seconds, its processor seconds and the server's.

    Raises:
        FailedError: somebody was missed, asked for twice, or too many calls were under way.
    """
    users = bench.scaled(USERS)
    with bench.server.database("bench", template=FILLED) as url, hosting() as claude:
        before = bench.server.cpu_seconds()
        command = [sys.executable, "-m", f"{WORKERS}.recaps", url, claude, str(AT_ONCE)]
        said = answer(command, PATIENCE)
        cpu = bench.server.cpu_seconds() - before
        stats: dict[str, Any] = httpx.get(f"{claude}/_twin/stats", trust_env=False).json()
        with psycopg.connect(url) as connection:
            found = connection.execute(CHECK).fetchone()
    if found != (users, users, 0) or stats["written"] != users or stats["repeated"] or stats["peak"] > AT_ONCE:
        raise FailedError(f"summaries, players, left: {found}; the twin: {stats}")
    return {"seconds": said["seconds"], "client_cpu_s": said["client_cpu_s"], "server_cpu_s": cpu}


@contextmanager
def hosting() -> Iterator[str]:
    """Run the twin; its address."""
    command = [sys.executable, "-m", f"{WORKERS}.claude_host", str(WAIT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as host:
        try:
            if host.stdout is None or not (url := host.stdout.readline().strip()):
                raise FailedError("the twin did not start")
            yield url
        finally:
            host.terminate()


def table(series: Any) -> Table:
    fields = ("seconds", "client_cpu_s", "server_cpu_s")
    cells = [spread(series.values(RUN, field), series.median(RUN, field)) for field in fields]
    return Table(("", "seconds", "client CPU s", "PostgreSQL CPU s"), [[RUN, *cells]])
