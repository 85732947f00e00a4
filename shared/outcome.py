"""The fates of one send. A sender returns one and never touches the queue (spec, section 2)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Done:
    """The provider took it.

    Attributes:
        receipt: the provider's own id of the message, kept to match bounces and complaints later.
    """

    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class Dead:
    """It can never succeed: a dead letter at once, no attempt wasted on it."""

    why: str


@dataclass(frozen=True, slots=True)
class Retry:
    """It failed, and may succeed on the ladder of delays. Costs an attempt."""

    why: str


@dataclass(frozen=True, slots=True)
class Snooze:
    """The provider or our own limiter named a time: due again then, no attempt is counted.

    Attributes:
        whole_channel: the wait concerns every row of the channel, not just this one.
    """

    until: datetime
    why: str
    whole_channel: bool = False


@dataclass(frozen=True, slots=True)
class Down:
    """The provider could not be reached or answered 5xx: this send certainly did not happen.

    Counted as an attempt only if the channel has served others since; many in a row open the breaker.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request left and no answer came: it may have happened. Repeated once, marked as a possible duplicate.

    For providers without an idempotency key; one that has a key answers `Down`, since repeating is safe.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Not sent on purpose, for good: the address is on the suppression list."""

    why: str


Fate = Done | Dead | Retry | Snooze | Down | Unknown | Skip
