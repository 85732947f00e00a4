"""The kinds that are swept, a page of each in turn: no statement holds many locks, no kind waits for another to end."""

from collections import deque

from functions.cleanup_stale.keeping import KEPT, SQL
from shared.db import Statement
from shared.task import Run

PAGE = 1000  # rows a statement
RESERVE = 5.0  # seconds left to the run at which the sweeping stops; the next run goes on

SWEEPS: dict[str, Statement] = {
    "stale_replies_failed": SQL.fail_stale_replies,
    **{kind: keeping.delete for kind, keeping in KEPT.items()},
    "chats_released": SQL.release_chats,
    "silent_devices_rested": SQL.rest_silent_devices,  # before the others: they keep no other device alive
    "invalid_devices_deleted": SQL.delete_invalid_devices,
    "inactive_devices_deleted": SQL.delete_inactive_devices,
}


async def sweep(run: Run) -> None:
    """Sweep page by page, counted and noted by kind, until nothing is left or the time is nearly up."""
    run.note(**dict.fromkeys(SWEEPS, 0))
    kinds = deque(SWEEPS)
    while kinds and run.seconds_left() > RESERVE:
        kind = kinds.popleft()
        if await page(run, kind) >= PAGE:
            kinds.append(kind)
    if kinds:
        run.note(unfinished=sorted(kinds))


async def page(run: Run, kind: str) -> int:
    """One page of a kind; answers its rows, fewer than `PAGE` where they were the last."""
    row = await run.db.row(SWEEPS[kind], page=PAGE) or {}
    rows = int(row["rows"])
    run.count(processed=rows)
    run.note(**{kind: run.metadata[kind] + rows})
    return rows
