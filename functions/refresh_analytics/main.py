"""Bring the roll-ups up to date with what has changed, and renew the views that admins read."""

from functions.refresh_analytics.views import fold, refresh
from shared.entrypoint import entrypoint
from shared.task import Run, task


@task("refresh-analytics")
async def refresh_analytics(run: Run) -> None:
    run.opened = True  # get_cron_job_status() tells of the last run
    await fold(run)
    await refresh(run)


main, handler = entrypoint(refresh_analytics)
