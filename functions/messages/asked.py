"""What a caller may ask for and send."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from shared.paging import Asked, Page, written

LENGTH = 1000  # characters of a message at most (spec, section 9); the table says so too
NUMBERS = 2**31 - 1  # the largest number that a message can have


class Conversations(Page):
    """`cursor` is the `next_cursor` of the page before."""

    cursor: UUID | None = None


class Messages(Page):
    """`cursor` is the `next_cursor` of the page before."""

    cursor: int = Field(NUMBERS, ge=1, le=NUMBERS)


class Opening(Asked):
    """The body of `POST /messages`: with whom."""

    partner_id: UUID


def text(content: str) -> str:
    if not content.strip():
        raise ValueError("is empty")
    return written(content)


class Letter(Asked):
    """The body of a message; one that is sent again under the same `client_id` is the same message."""

    client_id: UUID
    content: Annotated[str, StringConstraints(max_length=LENGTH), AfterValidator(text)]


class Reading(Asked):
    """The body of `PUT …/read`: the newest message that was shown; without one, everything that is there."""

    up_to: int = Field(NUMBERS, ge=1, le=NUMBERS)
