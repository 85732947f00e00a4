"""What Amazon SES tells of its mails over SNS (docs.aws.amazon.com/ses/latest/dg/notification-contents.html).

An identity's notifications name their kind in `notificationType`, a configuration set's events in `eventType`. One
may be about several recipients of its mail; there is no order, and fields may be added at any time.
"""

from collections.abc import Iterable, Sequence

from pydantic import AliasChoices, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.errors import BadRequestError
from shared.log import log
from shared.providers.notice import Notice, Reason, kind, readable
from shared.providers.sns import Message
from shared.settings import Model

# What is worth remembering of a mail that was sent. Deliveries, opens and clicks are not.
TROUBLE = ("Bounce", "Complaint", "Reject", "Rendering Failure", "DeliveryDelay")
ON_LIST = "OnAccountSuppressionList"  # taken and never sent: the account's own list has the address
NO_COMPLAINT = "not-spam"  # the feedback type of somebody who took a mail out of the spam again


class Camel(Model):
    model_config = ConfigDict(alias_generator=to_camel)


class Head(Camel):
    kind: str = Field(validation_alias=AliasChoices("notificationType", "eventType"))


class Recipient(Camel):
    """Of a bounce this is what the other server's report says: anything, where that server means harm."""

    email_address: str


class Bounce(Camel):
    bounce_type: str
    bounce_sub_type: str = ""
    bounced_recipients: list[Recipient]

    @property
    def words(self) -> tuple[str | None, ...]:
        return self.bounce_type, self.bounce_sub_type

    @property
    def reason(self) -> Reason | None:
        """Transient and undetermined ones say nothing of the next mail."""
        return "bounce" if self.bounce_type == "Permanent" or self.bounce_sub_type == ON_LIST else None

    @property
    def recipients(self) -> list[str]:
        return [each.email_address for each in self.bounced_recipients]


class Complaint(Camel):
    complained_recipients: list[Recipient]
    complaint_sub_type: str | None = None
    complaint_feedback_type: str | None = None

    @property
    def words(self) -> tuple[str | None, ...]:
        return self.complaint_feedback_type, self.complaint_sub_type

    @property
    def reason(self) -> Reason | None:
        return None if self.complaint_feedback_type == NO_COMPLAINT else "complaint"

    @property
    def recipients(self) -> list[str]:
        return [each.email_address for each in self.complained_recipients]


class Mail(Camel):
    """The mail that it is about.

    Attributes:
        destination: to whom it was sent.
    """

    message_id: str = Field(max_length=255, pattern=r"^[0-9A-Za-z_-]+$")
    destination: tuple[str, ...] = ()


class Told(Head):
    mail: Mail
    bounce: Bounce | None = None
    complaint: Complaint | None = None


def notice(message: Message) -> Notice | None:
    """What a message of our topic tells; None where there is nothing to remember of it.

    Raises:
        BadRequestError: it tells of trouble, and cannot be understood.
    """
    try:
        head = Head.model_validate_json(message.message)
    except ValueError:  # such as the greeting that a new destination of events gets, which is no JSON
        log.warning("a message that SES did not write", event=message.message_id)
        return None
    return read(message) if head.kind in TROUBLE else None


def read(message: Message) -> Notice:
    try:
        told = Told.model_validate_json(message.message)
    except ValueError:
        log.error("SES tells of trouble that cannot be understood", event=message.message_id)  # SNS keeps no such word
        raise BadRequestError("The message is not a notification of Amazon SES.") from None
    about = told.bounce or told.complaint
    return Notice(
        provider="ses",
        id=message.message_id,
        kind=kind(told.kind, *(about.words if about else ())),
        at=message.at,
        raw=message.message,
        message_id=told.mail.message_id,
        reason=about.reason if about else None,
        addresses=concerned(about.recipients if about else (), told.mail.destination),
    )


def concerned(named: Iterable[str], sent_to: Sequence[str]) -> tuple[str, ...]:
    """Whom a notice is about: only those that its mail was sent to.

    A server that mail is forwarded to reports another address, and a hostile one the address of whom it likes to
    silence. Where there was one recipient, it is that one.
    """
    sent = readable(sent_to)
    if len(sent_to) == 1:
        return sent
    return tuple(address for address in readable(named) if address in sent or not sent_to)
