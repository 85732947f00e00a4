"""The kinds of things that are swept, each page by page so that no statement holds many locks for long."""

from shared import sql
from shared.task import Run

PAGE = 1000  # rows a statement
RESERVE = 5.0  # seconds left to the run at which a sweep stops; tomorrow's goes on
SQL = sql.beside(__file__)

SWEEPS = {
    "stale_replies_failed": SQL.fail_stale_replies,
    "replies_deleted": SQL.delete_replies,
    "emails_deleted": SQL.delete_emails,
    "webhook_retries_deleted": SQL.delete_webhook_retries,
    "webhook_events_deleted": SQL.delete_webhook_events,
    "rate_limits_deleted": SQL.delete_rate_limits,
    "runs_deleted": SQL.delete_runs,
    "chats_released": SQL.release_chats,
}


async def sweep(run: Run, statement: bytes) -> int:
    """Run a statement until a page comes back short or the time is nearly up; answers the rows in all."""
    total = 0
    while run.seconds_left() > RESERVE:
        row = await run.db.row(statement, page=PAGE)
        rows = row["rows"] if row else 0
        total += rows
        if rows < PAGE:
            break
    return total
