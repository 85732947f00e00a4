"""Fail replies that are a day late, and delete what is past its keeping."""

from functions.cleanup_stale.sweep import sweep
from shared.entrypoint import entrypoint
from shared.task import Run, task


@task("cleanup-stale", once_per="day")
async def cleanup_stale(run: Run) -> None:
    await sweep(run)


main, handler = entrypoint(cleanup_stale)
