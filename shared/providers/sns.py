"""Amazon SNS: its messages, and whether it sent them.

docs.aws.amazon.com/sns/latest/dg, sns-verify-signature-of-message and sns-message-delivery-retries: an HTTPS endpoint
that is down is tried again for an hour at most, Lambda for 23 days. A message that is sent again keeps its id.
"""

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AwareDatetime, Base64Bytes, Field

from shared.errors import BadRequestError, ForbiddenError, UnavailableError
from shared.settings import Model

if TYPE_CHECKING:
    import httpx

    from shared.providers.sns_certificates import Certificates

OLDEST = timedelta(days=25)  # of a message: over the 23 days; ids are remembered for longer, so none is taken twice
EARLY = timedelta(minutes=5)  # by which our clock may be behind
TIMEOUT = 4.0  # seconds for a confirmation; SNS waits 15 for our answer
SUFFIXES = {"aws-cn": "amazonaws.com.cn"}  # of hosts, by partition; elsewhere amazonaws.com
FILE = "/[0-9A-Za-z_.-]{1,200}[.]pem"
NOTIFICATION = {  # what is signed, and our names for it
    "Message": "message",
    "MessageId": "message_id",
    "Subject": "subject",
    "Timestamp": "timestamp",
    "TopicArn": "topic_arn",
    "Type": "type",
}
CONFIRMATION = {
    "Message": "message",
    "MessageId": "message_id",
    "SubscribeURL": "subscribe_url",
    "Timestamp": "timestamp",
    "Token": "token",
    "TopicArn": "topic_arn",
    "Type": "type",
}

Name = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[0-9A-Za-z_.:-]+$")]


class Message(Model):
    """One message of a topic.

    Attributes:
        timestamp: as sent, since it is signed as text; `at` is the same, read.
        subject: None where the message has none: then it is not signed either.
    """

    type: Literal["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"] = Field(alias="Type")
    message_id: Name = Field(alias="MessageId")
    topic_arn: Name = Field(alias="TopicArn")
    message: str = Field(alias="Message")
    timestamp: str = Field(alias="Timestamp")
    at: AwareDatetime = Field(alias="Timestamp")
    subject: str | None = Field(None, alias="Subject")
    token: str | None = Field(None, alias="Token")
    subscribe_url: str | None = Field(None, alias="SubscribeURL")

    @property
    def host(self) -> str:
        """The host of the topic's region: whatever else the message says, nothing is fetched from another.

        A look at the name alone would not do: `sns.<anything>.amazonaws.com` may be somebody's bucket.
        """
        _, partition, _, region, *_ = self.topic_arn.split(":")
        return f"sns.{region}.{SUFFIXES.get(partition, 'amazonaws.com')}"

    @property
    def signed(self) -> bytes:
        """What SNS signs: names and values in the order of the alphabet, each on a line of its own."""
        fields = NOTIFICATION if self.type == "Notification" else CONFIRMATION
        texts = [(name, getattr(self, field)) for name, field in fields.items()]
        return "".join(f"{name}\n{text}\n" for name, text in texts if text is not None).encode()


class Posted(Message):
    """A message as it comes over HTTPS, where anybody may have written it."""

    signature_version: Literal["1", "2"] = Field(alias="SignatureVersion")
    signature: Base64Bytes = Field(alias="Signature")
    certificate_url: str = Field(alias="SigningCertURL")


class Record(Model):
    message: Message = Field(alias="Sns")


class Delivery(Model):
    """What SNS invokes Lambda with (docs.aws.amazon.com/lambda/latest/dg/with-sns.html)."""

    records: list[Record] = Field(alias="Records", min_length=1)


def posted(body: bytes) -> Posted:
    """A message from a raw body.

    Raises:
        BadRequestError: it is none; its text is not quoted.
    """
    try:
        return Posted.model_validate_json(body)
    except ValueError:
        raise BadRequestError("The body is not a message of Amazon SNS.") from None


def delivered(body: bytes) -> list[Message]:
    """The messages of a direct invocation.

    Raises:
        BadRequestError: it holds none.
    """
    try:
        return [record.message for record in Delivery.model_validate_json(body).records]
    except ValueError:
        raise BadRequestError("The event holds no message of Amazon SNS.") from None


def pinned(message: Message, topics: Collection[str]) -> None:
    """Let through what belongs to a topic of ours.

    Raises:
        ForbiddenError: it does not, or SES_TOPIC_ARN names none.
    """
    if not topics:
        raise ForbiddenError("SES_TOPIC_ARN is not set: no topic is ours.")
    if message.topic_arn not in topics:
        raise ForbiddenError("The message's topic is none of SES_TOPIC_ARN.")


async def verify(message: Posted, certificates: "Certificates", now: datetime | None = None) -> None:
    """Check that SNS sent a message of a pinned topic.

    Raises:
        BadRequestError: it did not, or it is from another time.
        UnavailableError: its certificate cannot be fetched now.
    """
    at = now or datetime.now(UTC)
    if not at - OLDEST < message.at < at + EARLY:
        raise BadRequestError(f"The message is more than {OLDEST.days} days old, or from the future.")
    if not re.fullmatch(f"https://{re.escape(message.host)}{FILE}", message.certificate_url):
        raise BadRequestError("SigningCertURL is not a certificate of the topic's own region.")
    certificate = await certificates.get(message.certificate_url, at)
    if not signed_with(certificate, message):
        raise BadRequestError("The signature does not match the message.")


def signed_with(certificate: Any, message: Posted) -> bool:
    """Whether a certificate's key made the signature."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - 30 ms that other calls need not pay
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256  # noqa: PLC0415

    key, digest = certificate.public_key(), {"1": SHA1, "2": SHA256}[message.signature_version]
    if not isinstance(key, RSAPublicKey):
        return False
    try:
        key.verify(message.signature, message.signed, PKCS1v15(), digest())
    except InvalidSignature:
        return False
    return True


async def confirm(message: Message, http: "httpx.AsyncClient") -> None:
    """Tell SNS that we want what a pinned topic sends. Safe to repeat.

    Raises:
        BadRequestError: the message names another place to tell it to.
        UnavailableError: SNS did not take it; it posts the message again.
    """
    import httpx  # noqa: PLC0415 - a subscription is confirmed once

    url = message.subscribe_url or ""
    if not re.fullmatch(rf"https://{re.escape(message.host)}/[?][!-~]+", url):
        raise BadRequestError("SubscribeURL is not of the topic's own region.")
    try:
        answer = await http.get(url, timeout=TIMEOUT)
    except httpx.HTTPError as error:
        raise UnavailableError("SNS cannot be reached to confirm the subscription.", retry_after=5) from error
    if not answer.is_success:
        raise UnavailableError(f"SNS answered {answer.status_code} to the confirmation.", retry_after=5)
