"""Expo's receipts: what Apple and Google said to messages that Expo had taken."""

from functions.deliver_push.aftermath import RECEIPT, Aftermath, Sent
from shared import sql
from shared.errors import UnavailableError
from shared.log import log
from shared.outcome import Done
from shared.providers.push import Gone, Ours
from shared.providers.push_expo import RECEIPTS, Expo
from shared.task import Run

RESERVE = 30.0  # seconds of the run that are left to the queue
SQL = sql.beside(__file__)


async def collect(run: Run, expo: Expo, aftermath: Aftermath) -> None:
    """Look at the receipts that are due, those that are due longest first; what Expo does not know yet is due again."""
    while run.seconds_left() > RESERVE:
        due = await run.db.rows(SQL.due_tickets, limit=RECEIPTS)
        if not due:
            return
        run.opened = True
        tickets = {row["ticket"]: Sent(RECEIPT, row["device_id"], row["sent_at"]) for row in due}
        if not await look(run, expo, tickets, aftermath) or len(due) < RECEIPTS:
            return


async def look(run: Run, expo: Expo, tickets: dict[str, Sent], aftermath: Aftermath) -> bool:
    """Ask for some receipts; False where Expo cannot be asked."""
    try:
        receipts = await expo.receipts(list(tickets))
    except UnavailableError as error:
        log.warning("receipts cannot be had", reason=error.detail)
        return False
    for ticket, verdict in receipts.items():
        match verdict:
            case Done():
                aftermath.arrived(tickets[ticket])
            case Gone():
                aftermath.gone(tickets[ticket])
            case Ours():
                aftermath.ours("expo", verdict.why)
            case _:
                log.warning("a message was lost after Expo had taken it", reason=verdict.why)
    await run.db.rows(SQL.forget_tickets, tickets=list(receipts), repeatable=True)
    run.count(processed=len(receipts))
    return True
