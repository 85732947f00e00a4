"""One email on its way out, whatever provider takes it: what it is, and what a provider has to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from shared.outcome import Dead, Fate


@dataclass(frozen=True, slots=True)
class Mail:
    """An email as its row has it, unchecked: other programs insert rows with plain SQL.

    Attributes:
        id: the row's id. The Message-ID follows from it, so that a second copy is recognisable as one, and it is
            the idempotency key where a provider takes one: unlike a caller's key it is never used for another mail.
        from_email: may be `Name <address>`, as may `reply_to`.
        headers: further headers by name.
        unsubscribe_url: what List-Unsubscribe names; None where the mail was not subscribed to.
    """

    id: UUID
    to_email: str
    from_email: str
    subject: str
    html: str | None = None
    text: str | None = None
    reply_to: str | None = None
    headers: Mapping[str, Any] = field(default_factory=dict)
    email_type: str = "transactional"
    unsubscribe_url: Any = None


@dataclass(frozen=True, slots=True)
class Bounced(Dead):
    """The recipient's own server says that this mailbox takes no mail, ever: a hard bounce.

    Attributes:
        code: the enhanced status code that said so.
    """

    code: str


class Mailer(Protocol):
    """A way out for mails. One instance serves concurrent sends.

    Attributes:
        at_once: sends under way at most.
    """

    at_once: int

    async def send(self, mail: Mail) -> Fate:
        """Hand one mail to the provider. Never raises for what a row holds or a provider answers."""

    async def close(self) -> None:
        """Give connections back."""
