"""Fail replies that are a day late, and delete what is past its keeping."""

from functions.cleanup_stale.sweep import SWEEPS, sweep
from shared.entrypoint import entrypoint
from shared.task import Run, task


@task("cleanup-stale", once_per="day")
async def cleanup_stale(run: Run) -> None:
    for name, statement in SWEEPS.items():
        rows = await sweep(run, statement)
        run.count(processed=rows)
        run.note(**{name: rows})


main, handler = entrypoint(cleanup_stale)
