"""Amazon SNS: its messages (docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html), and our topics."""

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AwareDatetime, Base64Bytes, Field

from shared.errors import BadRequestError, ForbiddenError, UnavailableError
from shared.settings import Model

if TYPE_CHECKING:
    import httpx

TIMEOUT = 4.0  # seconds for a confirmation; SNS waits 15 for our answer
SUFFIXES = {"aws-cn": "amazonaws.com.cn"}  # of hosts, by partition; elsewhere amazonaws.com
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

Name = Annotated[str, Field(max_length=255, pattern=r"^[0-9A-Za-z_.:-]+$")]


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
