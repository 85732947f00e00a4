"""What a page's form sends, and whether it comes from that page."""

import hmac
from datetime import UTC, datetime
from typing import Annotated, TypeVar
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BaseModel, ValidationError

from shared.errors import ForbiddenError, UnprocessableError
from shared.web import Call, Request, faults

FOREIGN = "This form comes from somewhere else, or its page is too old. Load the page again and repeat it."
TOKEN = "csrf"  # noqa: S105 - the name of the field
YEARS = (2000, 2100)  # the first that a field's time may be of, and the one that it may not
Form = TypeVar("Form", bound=BaseModel)


def in_utc(at: datetime) -> datetime:
    """A time as a browser's field says it, which names no zone: it is UTC.

    Raises:
        ValueError: it is of another century.
    """
    if not YEARS[0] <= at.year < YEARS[1]:
        raise ValueError(f"a time from {YEARS[0]} on and before {YEARS[1]} is wanted")
    return at if at.tzinfo else at.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(in_utc)]


def fields(request: Request) -> dict[str, str]:
    """The fields that were sent; of one that was sent twice the last. Empty ones count as left out."""
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), errors="replace"))


def form(call: Call, model: type[Form]) -> Form:
    """The fields as a validated model.

    Raises:
        UnprocessableError: names each field that is wrong.
    """
    given = {name: value for name, value in fields(call.request).items() if name != TOKEN}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise UnprocessableError("The form is not as expected.", errors=faults(error)) from None


def refuse_foreign(request: Request) -> None:
    """Turn away what another site's page sent.

    Raises:
        ForbiddenError: the browser says that it comes from elsewhere.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        same = site == "same-origin"
    else:  # an old browser, or a program
        same = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not same:
        raise ForbiddenError(FOREIGN)


def refuse_unmarked(request: Request, token: str) -> None:
    """Turn away a form that was not made for this session.

    Raises:
        ForbiddenError: its token is not the session's.
    """
    if not hmac.compare_digest(fields(request).get(TOKEN, "").encode(), token.encode()):
        raise ForbiddenError(FOREIGN)
