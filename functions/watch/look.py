"""What is wrong, of what nobody else would tell: runs that did not come or did not end, queues that do not move."""

from collections.abc import Iterable
from datetime import timedelta

from functions.watch.courier import SQL
from functions.watch.standing import Standing, wrong_with
from shared import alerts, table
from shared.causes import WATCH, Cause
from shared.pulses import expect, overdue, pulses
from shared.task import OVERDUE_MARGIN, Run

CAP = 10_000  # rows that a count of a queue looks at
MOST = 100_000  # rows of one minute that are counted
KINDS = ("missed", "late", "backlog", "dead", "breaker", "budget")  # those of which this tells that they are over


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
    tasks = table.tasks()
    limits = [timedelta(seconds=entry.timeout) + OVERDUE_MARGIN for entry in tasks]
    rows = await run.db.rows(SQL.close_overdue, jobs=[entry.name for entry in tasks], limits=limits)
    return [Cause("killed", row["job"], {"runs": row["killed"]}) for row in rows if row["killed"]]


async def over(run: Run, lasting: set[str]) -> None:
    """Tell that causes are over which do not last."""
    rows = await run.db.rows(SQL.open_causes, kinds=list(KINDS), repeatable=True)
    ended = {row["cause"] for row in rows} - lasting
    if any(name.startswith("budget:") for name in ended) and await held(run):
        ended = {name for name in ended if not name.startswith("budget:")}
    if ended:
        await alerts.resolve(run.resources, *sorted(ended))


async def held(run: Run) -> bool:
    row = await run.db.row(SQL.budget_held, repeatable=True)
    return bool(row and row["held"])
