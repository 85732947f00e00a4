"""What a player may ask for, and why it may be refused."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AfterValidator, Field

from shared.errors import ConflictError, NightshiftError, NotFoundError, UnprocessableError
from shared.idempotency import Key
from shared.paging import LIMIT, Asked, written

MESSAGE = 500  # characters of what is said with a gift


class Order(Asked):
    """An item for oneself."""

    item_id: UUID
    idempotency_key: Key | None = None


class Gift(Order):
    """An item for a partner."""

    recipient_id: UUID
    message: Annotated[str, Field(min_length=1, max_length=MESSAGE), AfterValidator(written)] | None = None


class Seen(Asked):
    """Gifts that were looked at; all of them, if none is named."""

    ids: Annotated[list[UUID], Field(max_length=LIMIT)] | None = None


class ItemNotFoundError(NotFoundError):
    code: ClassVar = "item_not_found"


class InsufficientEssenceError(ConflictError):
    code: ClassVar = "insufficient_essence"


class SelfGiftError(UnprocessableError):
    code: ClassVar = "self_gift"


class NotPartnerError(NightshiftError):
    status: ClassVar = 403
    code: ClassVar = "not_partner"


class KeyConflictError(ConflictError):
    code: ClassVar = "idempotency_conflict"


# By the words of `purchase_item_atomic`. Who is no user is nobody's partner, and nobody learns which of the two it is.
REFUSALS: dict[str, tuple[type[NightshiftError], str]] = {
    "item_not_found": (ItemNotFoundError, "There is no such item for sale."),
    "no_essence_record": (InsufficientEssenceError, "There is no essence yet to pay with."),
    "insufficient_essence": (InsufficientEssenceError, "There is too little essence for this item."),
    "self_gift": (SelfGiftError, "A gift is for somebody else. Buy the item instead."),
    "recipient_not_found": (NotPartnerError, "Gifts go to partners only. Ask them to be one first."),
    "not_partner": (NotPartnerError, "Gifts go to partners only. Ask them to be one first."),
    "idempotency_conflict": (KeyConflictError, "This idempotency key was used for another purchase. Take a new one."),
}


def refused(word: str) -> NightshiftError:
    """The error to raise for a refusal of `purchase_item_atomic`."""
    error, sentence = REFUSALS[word]
    return error(sentence)
