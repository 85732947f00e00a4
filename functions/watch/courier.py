"""One alert on its way to one receiver."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from shared import sql
from shared.alerts import recipients
from shared.limits import Permit
from shared.outcome import Dead, Fate, Snooze
from shared.providers.alert_webhook import AlertWebhook
from shared.queue import Alert
from shared.task import Run

MINUTE, BURST = (30, 60.0), (5, 2.0)  # posts to one receiver in so many seconds: Discord's limits, the narrowest
BEHIND = timedelta(seconds=10)  # until it is looked again whether a recovery's alarm has gone out
SQL = sql.beside(__file__)


class Courier:
    """Works rows of `alert_queue`."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.urls = recipients(run.settings)
        self.webhook = AlertWebhook(run.settings)

    def permits(self, row: Alert) -> list[Permit]:
        return [Permit(f"alerts:{row.target}", *MINUTE), Permit(f"alerts:{row.target}:burst", *BURST)]

    async def screen(self, rows: Sequence[Alert]) -> Mapping[UUID, Fate]:
        """A recovery goes out after its alarm; who is no receiver any more gets nothing."""
        known: dict[UUID, Fate] = {
            row.id: Dead("ALERT_WEBHOOK_URL names no such address any more")
            for row in rows
            if row.target not in self.urls
        }
        recoveries = [row.id for row in rows if row.kind == "recovery" and row.id not in known]
        if recoveries:
            behind = await self.run.db.rows(SQL.behind, ids=recoveries, repeatable=True)
            wait = Snooze(self.run.now() + BEHIND, "its alarm has not gone out yet")
            known |= dict.fromkeys([row["id"] for row in behind], wait)
        return known

    async def send(self, row: Alert) -> Fate:
        return await self.webhook.send(self.urls[row.target], row)

    async def close(self) -> None:
        await self.webhook.close()
