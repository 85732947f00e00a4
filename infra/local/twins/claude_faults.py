"""Faults that only Claude has."""

from typing import Literal

from infra.local.twins.faults import CommonFault, Fault


class Overloaded(Fault):
    """Answer 529."""

    kind: Literal["overloaded"] = "overloaded"


class Spent(Fault):
    """No money: the tier's monthly cap (429, no `retry-after`), a limit of one's own (400), an unpaid bill (402)."""

    kind: Literal["spent"] = "spent"
    limit: Literal["tier", "own", "bill"] = "tier"


class Stop(Fault):
    """End an answer before its end."""

    kind: Literal["stop"] = "stop"
    reason: Literal["max_tokens", "refusal"]


class Young(Fault):
    """Answer 404 for a batch that is there."""

    kind: Literal["young"] = "young"


class Stall(Fault):
    """Batches do not end while it is in force."""

    kind: Literal["stall"] = "stall"


class LineFault(Fault):
    """Requests of a batch that end otherwise; `only` names them by custom_id."""

    kind: Literal["line"] = "line"
    result: Literal["errored", "expired", "canceled"] = "errored"
    status: Literal[400, 429, 500, 529] = 500


ClaudeFault = CommonFault | Overloaded | Spent | Stop | Young | Stall | LineFault
