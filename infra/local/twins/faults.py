"""Faults that any HTTP twin can be told to have, and the board that holds the ones in force."""

from collections import Counter
from dataclasses import dataclass, field
from math import ceil, inf
from random import Random
from typing import Generic, Literal, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field

from infra.local.twins.journal import Watch

Key = int | str
F = TypeVar("F", bound="Fault")


class Fault(BaseModel):
    """What all faults share.

    Attributes:
        seconds: how long it lasts; none means until it is cleared.
        times: how many requests it hits; with `only`, how many of each key.
        only: the keys that it concerns (chat ids, addresses, event ids); none means all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    seconds: float | None = Field(default=None, gt=0)
    times: int | None = Field(default=None, ge=1)
    only: tuple[Key, ...] | None = None


class Outage(Fault):
    """Nothing is accepted: an error status, no answer at all, or a closed connection."""

    kind: Literal["outage"] = "outage"
    mode: Literal["500", "502", "503", "hang", "drop"] = "503"


class DropAfter(Fault):
    """Accept and record, then close the connection without an answer."""

    kind: Literal["drop_after"] = "drop_after"
    times: int | None = Field(default=1, ge=1)


class HangAfter(Fault):
    """Accept and record, then stay silent until the client leaves."""

    kind: Literal["hang_after"] = "hang_after"
    times: int | None = Field(default=1, ge=1)


class Latency(Fault):
    """Accept at once, answer late."""

    kind: Literal["latency"] = "latency"
    base_ms: float = Field(default=0, ge=0)
    jitter_ms: float = Field(default=0, ge=0)

    def delay(self, random: Random) -> float:
        """Seconds."""
        return (self.base_ms + random.random() * self.jitter_ms) / 1000


class Throttle(Fault):
    """Answer 429; `retry_after` is what is left of `seconds` unless given."""

    kind: Literal["throttle"] = "throttle"
    retry_after: int | None = Field(default=None, ge=1)


class Malformed(Fault):
    """Answer 200 with an HTML page, as a proxy in between does; `accept`: the request got through first."""

    kind: Literal["malformed"] = "malformed"
    accept: bool = False


CommonFault = Outage | DropAfter | HangAfter | Latency | Throttle | Malformed


@dataclass(slots=True)
class Active(Generic[F]):
    fault: F
    until: float
    used: Counter[str] = field(default_factory=Counter)

    def seconds_left(self, now: float) -> int:
        """Whole seconds, at least 1."""
        return 1 if self.until == inf else max(1, ceil(self.until - now))

    def concerns(self, key: Key | None) -> bool:
        only = self.fault.only
        return only is None or (key is not None and str(key) in {str(each) for each in only})

    def use(self, key: Key | None) -> bool:
        """Use up one of its times, for this key alone if it names keys; false when none is left."""
        counter = "" if self.fault.only is None else str(key)
        self.used[counter] += 1
        return self.fault.times is None or self.used[counter] <= self.fault.times


class FaultBoard:
    """The faults in force, in the order in which they were switched on."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._active: list[Active[Fault]] = []

    def add(self, fault: Fault) -> None:
        until = inf if fault.seconds is None else self._watch.mono() + fault.seconds
        self._active.append(Active(fault, until))

    def take(self, kind: type[F], key: Key | None = None) -> Active[F] | None:
        """The first fault of this kind that concerns the key; one of its times is used up."""
        for active in self.active():
            if isinstance(active.fault, kind) and active.concerns(key) and active.use(key):
                return cast("Active[F]", active)
        return None

    def find(self, kind: type[F]) -> F | None:
        """A fault that is a state and not a number of requests: nothing is used up."""
        return next((active.fault for active in self.active() if isinstance(active.fault, kind)), None)

    def active(self) -> list[Active[Fault]]:
        """Those whose time has not run out; the others are forgotten."""
        now = self._watch.mono()
        self._active = [active for active in self._active if active.until > now]
        return self._active

    def clear(self, kind: str | None = None) -> None:
        self._active = [a for a in self._active if kind is not None and a.fault.kind != kind]
