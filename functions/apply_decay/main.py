"""Take a date's points from players who stay away, and those of dates that were missed."""

from datetime import UTC

from functions.apply_decay.dates import decay, missed
from shared.entrypoint import entrypoint
from shared.task import Run, task


@task("apply-decay", once_per="day")
async def apply_decay(run: Run) -> None:
    today = run.scheduled_for.astimezone(UTC).date()
    late = await missed(run, today)
    for date in [*late, today]:
        await decay(run, date)
    run.note(caught_up=len(late))


main, handler = entrypoint(apply_decay)
