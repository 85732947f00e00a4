"""One notice to one device: whether it may still go out, its limits, its fate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from functions.deliver_push.aftermath import Aftermath, Sent, Voice
from functions.deliver_push.channels import Channels
from shared import sql
from shared.db import Row
from shared.limits import Permit
from shared.outcome import Dead, Done, Down, Fate, Skip
from shared.providers.push import LIFE, Gone, Note, Ours, Pusher
from shared.queue import Push
from shared.task import Run

SQL = sql.beside(__file__)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a row goes, as the database had it at `asked_at`, by the database's clock."""

    pusher: Pusher
    device: Row
    asked_at: datetime


class Pushes:
    """Sends rows of `push_queue`."""

    def __init__(self, run: Run, channels: Channels, aftermath: Aftermath) -> None:
        self.run, self.channels, self.aftermath = run, channels, aftermath
        self.addresses: dict[UUID, Address] = {}

    def permits(self, row: Push) -> list[Permit]:
        return self.addresses[row.id].pusher.permits()

    async def screen(self, rows: Sequence[Push]) -> Mapping[UUID, Fate]:
        """Rows for devices that are no longer their users' or take no more, and rows that come too late."""
        found = await self.run.db.rows(SQL.devices, ids=[row.device_id for row in rows], repeatable=True)
        devices = {device["id"]: device for device in found}
        known: dict[UUID, Fate] = {}
        for row in rows:
            device = devices.get(row.device_id)
            if why := self.unwanted(row, device):
                known[row.id] = Skip(why)
            elif device:
                pusher = self.channels.of(device["address_kind"])
                self.addresses[row.id] = Address(pusher, device, device["asked_at"])
        return known

    def unwanted(self, row: Push, device: Row | None) -> str | None:
        if device is None or device["user_id"] != row.user_id:
            return "the device is somebody else's by now"
        if device["status"] != "active":
            return f"the device is {device['status']}"
        if self.run.now() - row.created_at > LIFE:
            return "nobody wants to be told any more: it is a day old"
        return None

    async def send(self, row: Push) -> Fate:
        """Hand a notice to the provider; what follows for the device comes at the run's end."""
        address = self.addresses.pop(row.id)
        device, pusher = address.device, address.pusher
        sent = Sent(Voice(pusher.name), device["id"], address.asked_at)
        verdict = await pusher.send(note(row, device))
        match verdict:
            case Gone():
                self.aftermath.gone(sent, doubtful=verdict.doubtful)
                return Dead(verdict.why)
            case Ours():
                self.aftermath.ours(pusher.name, verdict.why)
                return Down(verdict.why)
            case Done(receipt):
                await self.aftermath.taken(sent, receipt)
        return verdict


def note(row: Push, device: Row) -> Note:
    """Other programs may put anything into `data`; a provider takes texts alone."""
    data = {str(name): str(value) for name, value in row.data.items()}
    return Note(device["address_kind"], device["push_token"], row.title, row.body, data)
