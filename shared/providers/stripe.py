"""Stripe's webhooks: the signature and the event (docs.stripe.com/webhooks, /api/events/object).

Stripe's own SDK is not imported: it costs 120 ms of a cold start, and takes signatures from the future.
"""

import hmac
import time
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, SecretStr, model_validator

from shared.errors import BadRequestError, ConfigurationError
from shared.settings import Model

TOLERANCE = 300  # seconds that a signature may be old, or early
SCHEME = "v1"  # HMAC-SHA256; v0 is a scheme for tests and proves nothing

Name = Annotated[str, Field(max_length=255, pattern=r"^[0-9A-Za-z_.:-]+$")]


class Event(Model):
    """What Nightshift needs of an event: a snapshot, or a thin one that only names its object.

    Attributes:
        object: `event` carries its object in `data`; `v2.core.event` (thin) names it in `related_object`.
        created: Stripe's time, in whole seconds for snapshots.
    """

    object: Literal["event", "v2.core.event"]
    id: Name
    type: Name
    created: AwareDatetime
    api_version: Name | None = None
    livemode: bool = False
    data: dict[str, Any] | None = None
    related_object: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _carries_its_object(self) -> Self:
        if not self.thin and not isinstance((self.data or {}).get("object"), dict):
            raise ValueError("a snapshot event carries an object")
        return self

    @property
    def thin(self) -> bool:
        return self.object == "v2.core.event"

    @property
    def resource(self) -> dict[str, Any]:
        """The object that the event is about, as far as the event shows it."""
        shown = self.related_object if self.thin else (self.data or {})["object"]
        return shown or {}

    @property
    def object_id(self) -> str | None:
        found = self.resource.get("id")
        return found.replace("\0", "")[:255] if isinstance(found, str) else None


def read(body: bytes) -> Event:
    """An event from a raw body.

    Raises:
        BadRequestError: it is no UTF-8, no JSON, nested too deeply, or not an event.
    """
    try:
        body.decode()
        return Event.model_validate_json(body)
    except ValueError:  # pydantic's too; its text quotes the body, so nothing of it is passed on
        raise BadRequestError("The body is not a Stripe event.") from None


def verify(body: bytes, header: str, secrets: Iterable[SecretStr], now: float | None = None) -> None:
    """Check the `Stripe-Signature` header over the raw body.

    Args:
        secrets: the endpoint's signing secrets; several while one replaces another.
        now: seconds since 1970; the clock's by default.

    Raises:
        BadRequestError: no signature, none of ours, or one from another time.
        ConfigurationError: there is no secret to check with.
    """
    keys = [secret.get_secret_value().encode() for secret in secrets]
    if not keys:
        raise ConfigurationError("STRIPE_WEBHOOK_SECRETS is not set: Stripe's signatures cannot be checked.")
    at, given = _parts(header)
    signed = str(at).encode() + b"." + body
    expected = [hmac.digest(key, signed, "sha256").hex().encode() for key in keys]
    # Every pair is compared: how long it takes says nothing about which one was close.
    if not sum(hmac.compare_digest(ours, theirs) for ours in expected for theirs in given):
        raise BadRequestError("The Stripe-Signature header does not match the body.")
    if abs((time.time() if now is None else now) - at) > TOLERANCE:
        raise BadRequestError(f"The signature is more than {TOLERANCE} seconds away from this server's time.")


def _parts(header: str) -> tuple[int, list[bytes]]:
    """The time and the v1 signatures of `t=..,v1=..[,v1=..][,v0=..]`."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    signatures = [value.encode() for name, _, value in pairs if name == SCHEME]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) < 16) or not signatures:  # noqa: PLR2004 - 16 digits are no time
        raise BadRequestError("The Stripe-Signature header is missing or not of the form t=..,v1=..")
    return int(times[0]), signatures
