"""What is wrong, of what nobody else would tell: runs that did not come or did not end, queues that do not move."""

from collections.abc import Iterable
from datetime import timedelta

from functions.watch.courier import SQL
from functions.watch.standing import CAP, Standing, wrong_with
from shared import alerts, table
from shared.causes import WATCH, Cause
from shared.pulses import expect, overdue, pulses
from shared.task import OVERDUE_MARGIN, Run

MOST = 100_000  # rows of one minute that are counted
KINDS = ("missed", "late", "backlog", "dead", "breaker", "budget")  # those of which this tells that they are over
RUNS = ("failed", "killed")  # those of which the next run with work tells, and this where passes stay idle


async def look(run: Run) -> None:
    """Tell of what is wrong, and of what is no longer."""
    rows = await run.db.rows(SQL.sample, cap=CAP, most=MOST)
    standing = [Standing(**row) for row in rows]
    wrong = [*(cause for queue in standing for cause in wrong_with(queue, run.now(), run.settings)), *await missed(run)]
    for cause in [*wrong, *await killed(run)]:
        await alerts.alarm(run.resources, cause)
    lasting = {cause.name for cause in wrong} | {f"dead:{queue.queue}" for queue in standing if queue.dead}
    await over(run, lasting)


async def missed(run: Run) -> list[Cause]:
    """Tasks whose pass should have begun and has not."""
    tasks = {entry.name: entry for entry in table.tasks()}
    await expect(run.db, tasks)
    found, late, now = await pulses(run.db, tasks), run.settings.alert_run_late, run.now()
    awake = found[WATCH].steady_since or now
    gone = [
        found[name] for name, task in tasks.items() if name != WATCH and overdue(task, found[name], now, late, awake)
    ]
    return [Cause("missed", pulse.job, since=pulse.since) for pulse in gone]


async def killed(run: Run) -> Iterable[Cause]:
    """Runs that outlived their limit: closed here, since their job's next run may be a day away."""
    jobs, limits = allowed()
    rows = await run.db.rows(SQL.close_overdue, jobs=jobs, limits=limits)
    return [Cause("killed", row["job"], {"runs": row["killed"]}) for row in rows if row["killed"]]


async def over(run: Run, lasting: set[str]) -> None:
    """Tell that causes are over which do not last."""
    ended = set(await alerts.lasting(run.db, [*KINDS, *RUNS])) - lasting
    if any(name.partition(":")[0] in RUNS for name in ended):
        ended -= await unmended(run, ended)
    if any(name.startswith("budget:") for name in ended) and await held(run):
        ended = {name for name in ended if not name.startswith("budget:")}
    if ended:
        await alerts.resolve(run.resources, *sorted(ended))


async def unmended(run: Run, ended: set[str]) -> set[str]:
    """Causes of runs for which nothing shows yet that the task works again: a run with work says so itself."""
    jobs, limits = allowed()
    rows = await run.db.rows(SQL.mended, jobs=jobs, limits=limits, repeatable=True)
    mended = {row["job"] for row in rows}
    return {name for name in ended if name.partition(":")[0] in RUNS and name.partition(":")[2] not in mended}


async def held(run: Run) -> bool:
    row = await run.db.row(SQL.budget_held, repeatable=True)
    return bool(row and row["held"])


def allowed() -> tuple[list[str], list[timedelta]]:
    """Every task, and the age from which a run of it was killed."""
    tasks = table.tasks()
    return [entry.name for entry in tasks], [timedelta(seconds=entry.timeout) + OVERDUE_MARGIN for entry in tasks]
