"""Typed errors. Each names what to do, and becomes one problem+json answer (RFC 9457) at the edge."""

from http import HTTPStatus
from typing import Any, ClassVar


class NightshiftError(Exception):
    """Base of all errors that Nightshift raises on purpose.

    Attributes:
        status: the HTTP status of the answer when it reaches a caller.
        code: names the error for programs, for good; it is a member of the problem document, and its type.
        extra: further members of the problem document; never a secret, an address or a message text.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str | None] = None

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra

    def problem(self) -> dict[str, Any]:
        """The answer as an RFC 9457 document."""
        title = HTTPStatus(self.status).phrase
        return {
            "type": f"urn:nightshift:{self.code}" if self.code else "about:blank",
            "title": title,
            "status": self.status,
            "detail": self.detail,
            **({"code": self.code} if self.code else {}),
            **self.extra,
        }


class ConfigurationError(NightshiftError):
    """Settings are missing or wrong; the message names every one of them."""


class BadRequestError(NightshiftError):
    status = 400


class UnauthorizedError(NightshiftError):
    status = 401


class ForbiddenError(NightshiftError):
    status = 403


class NotFoundError(NightshiftError):
    status = 404


class MethodNotAllowedError(NightshiftError):
    status = 405


class ConflictError(NightshiftError):
    status = 409


class TooLargeError(NightshiftError):
    status = 413


class UnprocessableError(NightshiftError):
    status = 422


class TooManyRequestsError(NightshiftError):
    """Carries `retry_after` (seconds) in `extra`; the answer repeats it as a header."""

    status = 429


class UnavailableError(NightshiftError):
    """Something that this answer needs is gone for now (the database, as a rule)."""

    status = 503


class LostRaceError(UnavailableError):
    """The database rolled this back for the sake of another transaction. Nothing was done: it may be tried again."""
