"""How one recipient is treated: by a rule that was switched on, or by what the address itself asks for."""

import re
from typing import Literal

from pydantic import Field, field_validator

from infra.local.twins.faults import Fault

Action = Literal["bounce", "full", "grey", "temp", "busy", "throttle", "slow", "drop", "hang"]

# Answers to RCPT; enhanced codes from RFC 3463, the throttling sentence from
# docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
REFUSALS: dict[str, str] = {
    "bounce": "550 5.1.1 User unknown",
    "full": "552 5.2.2 Mailbox full",
    "grey": "450 4.2.0 Greylisted, try again later",
    "temp": "451 4.3.0 Temporary local problem",
    "busy": "421 4.3.2 Service not available, closing transmission channel",
    "throttle": "454 4.7.0 Throttling failure: Maximum sending rate exceeded",
}

# `bounce+anna@example.org` bounces every time, `temp2+anna@example.org` the first two times.
CONVENTION = re.compile(r"(bounce|full|grey|temp|busy|throttle|slow|drop|hang)(\d*)\+")


class AddressRule(Fault):
    """What happens to the recipients in `only` (none: to all), `times` times each.

    bounce, full, grey, temp, busy and throttle refuse the recipient; slow answers DATA after `delay` seconds,
    drop accepts DATA and closes without an answer, hang accepts DATA and never answers.
    """

    kind: Literal["address"] = "address"
    action: Action
    delay: float = Field(default=2.0, ge=0)

    @field_validator("only")
    @classmethod
    def _fold(cls, only: tuple[int | str, ...] | None) -> tuple[int | str, ...] | None:
        return None if only is None else tuple(str(each).casefold() for each in only)


class SmtpOutage(Fault):
    """No session gets further than its greeting: 421, silence, or a closed connection."""

    kind: Literal["outage"] = "outage"
    mode: Literal["421", "hang", "drop"] = "421"


def asked_for(address: str) -> AddressRule | None:
    """The rule that an address brings with it."""
    match = CONVENTION.match(address)
    if not match:
        return None
    times = int(match[2]) if match[2] else None
    return AddressRule.model_validate({"action": match[1], "times": times or None, "only": (address,)})
