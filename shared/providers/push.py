"""What all ways to a device have in common: a note for it, and what became of a send."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from shared.limits import Permit
from shared.outcome import Fate
from shared.repositories.devices import AddressKind

LIFE = timedelta(days=1)  # for which a provider tries to reach the device; after it nobody wants to be told any more
CONNECT = 3.0  # seconds to reach a provider


@dataclass(frozen=True, slots=True)
class Note:
    """A message to one device.

    Attributes:
        data: for the app, texts by name; the player does not see it.
    """

    address_kind: AddressKind
    push_token: str = field(repr=False)
    title: str = field(repr=False)
    body: str = field(repr=False)
    data: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Gone:
    """Nobody is at this token.

    Attributes:
        doubtful: it can also be the message that the provider objects to. It counts only where the provider has taken
            another one of the same shape.
    """

    why: str
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Ours:
    """Our key, account or project is wrong: an operator has to be told, and no device is to blame."""

    why: str


Verdict = Fate | Gone | Ours


class Pusher(Protocol):
    """One provider.

    Attributes:
        name: as it stands in causes of alerts and keys of limits.
    """

    name: str

    def permits(self) -> list[Permit]: ...

    async def send(self, note: Note) -> Verdict: ...
