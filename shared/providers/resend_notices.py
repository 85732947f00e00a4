"""What Resend tells of its mails by webhook, which Svix sends (resend.com/docs/webhooks/event-types).

Headers `svix-id`, `svix-timestamp` and `svix-signature` by Standard Webhooks; the id stays when an event is posted
again, for 27.5 hours by itself and at any time by hand.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel

from shared import standard_webhooks
from shared.errors import BadRequestError, ConfigurationError
from shared.providers.notice import Notice, Reason, kind, readable
from shared.settings import Model

# What is worth remembering of a mail that was sent. Everything else is acknowledged.
TROUBLE = ("email.bounced", "email.complained", "email.failed", "email.suppressed", "email.delivery_delayed")
SOFT = ("Transient", "Undetermined")  # types of bounces that say nothing of the next mail
ID = 255  # characters
Parsed = TypeVar("Parsed", bound=BaseModel)


class Bounce(Model):
    model_config = ConfigDict(alias_generator=to_camel)

    type: str = "Permanent"  # what a bounce is by Resend's own description, where it does not say
    sub_type: str = ""


class Mail(Model):
    email_id: str = Field(max_length=255, pattern=r"^[0-9A-Za-z_-]+$")
    to: tuple[str, ...] | str = ()
    bounce: Bounce | None = None

    @property
    def recipients(self) -> tuple[str, ...]:
        return readable([self.to] if isinstance(self.to, str) else self.to)


class Head(Model):
    type: str


class Event(Head):
    created_at: AwareDatetime
    data: Mail

    @property
    def reason(self) -> Reason | None:
        if self.type == "email.complained":
            return "complaint"
        bounced = self.type == "email.bounced" and (self.data.bounce or Bounce()).type not in SOFT
        return "bounce" if bounced else None


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[SecretStr], now: float | None = None) -> str:
    """Check the signature over a raw body; answers the event's id.

    Raises:
        BadRequestError: Resend did not sign it, or not now.
        ConfigurationError: there is no secret to check with, or it is none.
    """
    if not secrets:
        raise ConfigurationError("RESEND_WEBHOOK_SECRETS is not set: Resend's signatures cannot be checked.")
    try:
        keys = [standard_webhooks.key(secret) for secret in secrets]
    except ValueError:
        raise ConfigurationError("RESEND_WEBHOOK_SECRETS: a secret is whsec_ and base64 after it.") from None
    identifier = headers.get("svix-id", "")[:ID]
    standard_webhooks.verify(
        body,
        identifier=identifier,
        timestamp=headers.get("svix-timestamp", ""),
        signatures=headers.get("svix-signature", ""),
        keys=keys,
        now=now,
    )
    return identifier


def notice(body: bytes, identifier: str) -> Notice | None:
    """What a verified event tells; None where there is nothing to remember of it.

    Raises:
        BadRequestError: it is no event, or tells of trouble and cannot be understood.
    """
    return read(body, identifier) if parsed(Head, body).type in TROUBLE else None


def read(body: bytes, identifier: str) -> Notice:
    event = parsed(Event, body)
    recipients, bounce = event.data.recipients, event.data.bounce
    return Notice(
        provider="resend",
        id=identifier,
        kind=kind(event.type, *((bounce.type, bounce.sub_type) if bounce else ())),
        at=event.created_at,
        raw=body.decode(),
        message_id=event.data.email_id,
        reason=event.reason,
        # Which of several it was, Resend does not say; mails of ours have one.
        addresses=recipients if len(recipients) == 1 else (),
    )


def parsed(model: type[Parsed], body: bytes) -> Parsed:
    try:
        body.decode()
        return model.model_validate_json(body)
    except ValueError:  # pydantic's too; its text quotes the body, so nothing of it is passed on
        raise BadRequestError("The body is not an event of Resend.") from None
