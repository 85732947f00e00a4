"""What a caller asks for: checked query parameters and bodies, cursors, and who the caller is."""

import hashlib
from datetime import UTC, datetime
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from shared import auth
from shared.errors import UnprocessableError
from shared.web import Call, faults

LIMIT = 200  # rows of a page at most
MOMENT = TypeAdapter(AwareDatetime)


class Asked(BaseModel):
    """Parameters of one route; one that is not known is refused, since it would silently do nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


AskedT = TypeVar("AskedT", bound=BaseModel)


class Page(Asked):
    limit: int = Field(50, ge=1, le=LIMIT)


def query(call: Call, model: type[AskedT]) -> AskedT:
    """The query parameters as a validated model.

    Raises:
        UnprocessableError: names each parameter that is wrong.
    """
    try:
        return model.model_validate(dict(call.request.query))
    except ValidationError as error:
        raise UnprocessableError("The query parameters are not as expected.", errors=faults(error)) from None


def body(call: Call, model: type[AskedT]) -> AskedT:
    """The body as a validated model; none is the same as an empty object.

    Raises:
        BadRequestError: it is not JSON.
        UnprocessableError: names each field that is wrong.
    """
    return call.request.parse(model) if call.request.body.strip() else model()


def actor(call: Call) -> str:
    """Who acts, for the audit log: which key, not the key."""
    if call.request.trusted:
        return "the cloud's own identity"
    return f"service key {hashlib.sha256(auth.bearer(call).encode()).hexdigest()[:8]}"


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


Cursor = Annotated[tuple[datetime, UUID], BeforeValidator(_cursor)]


def cursor(at: datetime, identifier: UUID) -> str:
    """The place in a list by time and id, as `before` takes it; no character of it needs escaping in a URL."""
    return f"{at.astimezone(UTC).isoformat().removesuffix('+00:00')}Z,{identifier}"
