"""What a caller asks for: checked query parameters and texts, pages, cursors."""

import re
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, WithJsonSchema

LIMIT = 200  # rows of a page at most
MOMENT = TypeAdapter(AwareDatetime)
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")  # all but tabs and line ends


class Asked(BaseModel):
    """Parameters of one route; one that is not known is refused, since it would silently do nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reveal(Asked):
    """`reveal=true` shows what something says and to whom; that is recorded."""

    reveal: bool = False


class Page(Asked):
    limit: int = Field(50, ge=1, le=LIMIT)


def written(text: str) -> str:
    """A text of several lines as people write it.

    Raises:
        ValueError: it holds something that is no character.
    """
    if UNPRINTABLE.search(text):
        raise ValueError("holds a control character")
    return text


def _cursor(value: object) -> object:
    """Read `<time>,<id>`.

    Raises:
        ValueError: it is not a cursor that a page has given.
    """
    try:
        at, _, identifier = str(value).partition(",")
        return MOMENT.validate_python(at), UUID(identifier)
    except ValueError:
        raise ValueError("not a cursor: take `next_before` of the page before") from None


Cursor = Annotated[tuple[datetime, UUID], BeforeValidator(_cursor), WithJsonSchema({"type": "string"})]


def cursor(at: datetime, identifier: UUID) -> str:
    """The place in a list by time and id, as `before` takes it; no character of it needs escaping in a URL."""
    return f"{at.astimezone(UTC).isoformat().removesuffix('+00:00')}Z,{identifier}"
