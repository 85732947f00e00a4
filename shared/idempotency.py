"""Idempotency keys: a caller who got no answer asks again with the same one, and it is done once."""

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.errors import UnprocessableError
from shared.mailbox import CONTROL
from shared.web import Request

LENGTH = 256  # characters at most


def printable(text: str) -> str:
    if CONTROL.search(text):
        raise ValueError("holds a control character")
    return text


Key = Annotated[str, Field(min_length=1, max_length=LENGTH), AfterValidator(printable)]


def key_of(request: Request, in_body: str | None) -> str | None:
    """The key, from the body or the header `Idempotency-Key`; both may be there if they agree.

    Raises:
        UnprocessableError: they differ, or the header is no key.
    """
    given = request.headers.get("idempotency-key")
    if given is None:
        return in_body
    if not 1 <= len(given) <= LENGTH or CONTROL.search(given) or in_body not in (None, given):
        errors = [{"field": "Idempotency-Key", "problem": "1 to 256 characters, and the same as in the body"}]
        raise UnprocessableError("The idempotency key is not as expected.", errors=errors)
    return given
