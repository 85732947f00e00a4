"""What a run has learnt of devices, written down at its end: only then it is known whether it can be believed."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared import alerts, sql
from shared.causes import Cause
from shared.log import log
from shared.task import Run

BRAKE_FROM = 20  # devices of one provider that must look gone ...
BRAKE_SHARE = 0.5  # ... and be more than this part of those that it answered for, before none of them is believed
WRITE_AT = 100  # messages that were taken are noted in so many
SQL = sql.beside(__file__)


class Voice(NamedTuple):
    """Whose word on devices it is: a provider's answer to a message, or its receipt some minutes later."""

    channel: str
    receipt: bool = False


EXPO, RECEIPT, FCM = Voice("expo"), Voice("expo", receipt=True), Voice("fcm")
LAST = (RECEIPT, FCM)  # after which nothing more is heard: with Expo's answer alone no message has been handed on


@dataclass(frozen=True, slots=True)
class Sent:
    """A message to a device.

    Attributes:
        at: by the database's clock, not later than the request.
    """

    voice: Voice
    device: UUID
    at: datetime


class Aftermath:
    """Devices that seem to be gone, messages that were taken, and faults of ours, of one run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.lost: list[Sent] = []
        self.doubtful: list[Sent] = []
        self.accepted: Counter[Voice] = Counter()
        self.faults: dict[str, str] = {}
        self.doubts: dict[str, dict[str, int]] = {}
        self.reached: list[Sent] = []
        self.tickets: list[tuple[str, Sent]] = []

    def gone(self, sent: Sent, *, doubtful: bool = False) -> None:
        (self.doubtful if doubtful else self.lost).append(sent)

    def ours(self, channel: str, why: str) -> None:
        self.faults[channel] = why

    async def taken(self, sent: Sent, receipt: str | None) -> None:
        """The provider took a message. With Expo it is only by the receipt that the device is known to be there."""
        self.accepted[sent.voice] += 1
        if sent.voice == EXPO and receipt:
            self.tickets.append((receipt, sent))
        else:
            self.reached.append(sent)
        if len(self.tickets) + len(self.reached) >= WRITE_AT:
            await self.write()

    def arrived(self, sent: Sent) -> None:
        """A receipt says that a message was handed on."""
        self.accepted[sent.voice] += 1
        self.reached.append(sent)

    async def conclude(self) -> None:
        """Note whom the run reached, mark who is gone, and tell an operator what is wrong on our side."""
        await self.write()
        believed = [sent for voice in (EXPO, RECEIPT, FCM) for sent in self.believed(voice)]
        if believed:
            row = await self.run.db.row(SQL.invalid, sent=told(believed), repeatable=True)
            self.run.note(devices_invalid=row["rows"] if row else 0)
        await self.tell()

    def believed(self, voice: Voice) -> list[Sent]:
        """The devices that are gone by this word; none where so many look it that the fault must be elsewhere."""
        accepted = self.accepted[voice]
        lost = [sent for sent in self.lost if sent.voice == voice]
        if accepted:
            lost += [sent for sent in self.doubtful if sent.voice == voice]
        if len(lost) < BRAKE_FROM or len(lost) <= BRAKE_SHARE * (len(lost) + accepted):
            return lost
        doubt = self.doubts[voice.channel] = {"gone": len(lost), "accepted": accepted}
        log.warning("too many devices look gone to be believed", channel=voice.channel, **doubt)
        self.run.note(devices_doubted=len(lost))
        return []

    async def tell(self) -> None:
        """Tell what is wrong on our side, and what is no longer: that a message was handed on shows it."""
        for channel, why in self.faults.items():
            await alerts.alarm(self.run.resources, Cause("push", channel, {"why": why}))
        for channel, doubt in self.doubts.items():
            await alerts.alarm(self.run.resources, Cause("push-brake", channel, doubt))
        well = {voice.channel for voice in LAST if self.accepted[voice]}
        ended = [f"push:{channel}" for channel in well - self.faults.keys()]
        ended += [f"push-brake:{channel}" for channel in well - self.doubts.keys()]
        if ended:
            await alerts.resolve(self.run.resources, *sorted(ended))

    async def write(self) -> None:
        tickets, self.tickets = self.tickets, []
        reached, self.reached = self.reached, []
        if tickets:
            items = [{"ticket": ticket, **noted(sent)} for ticket, sent in tickets]
            await self.run.db.rows(SQL.keep_tickets, tickets=json.dumps(items), repeatable=True)
        if reached:
            await self.run.db.rows(SQL.reached, sent=told(reached), repeatable=True)


def told(sent: list[Sent]) -> str:
    return json.dumps([noted(each) for each in sent])


def noted(sent: Sent) -> dict[str, str]:
    return {"device": str(sent.device), "at": sent.at.isoformat()}
