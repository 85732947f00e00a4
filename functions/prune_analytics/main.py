"""Delete events that are older than a year: whole months at once, the rest in batches. What was counted stays so."""

from functions.prune_analytics.batches import prune
from functions.prune_analytics.months import drop_old, make_ahead
from shared.entrypoint import entrypoint
from shared.task import Run, task


@task("prune-analytics", once_per="day")
async def prune_analytics(run: Run) -> None:
    await make_ahead(run)
    await drop_old(run)
    await prune(run)


main, handler = entrypoint(prune_analytics)
