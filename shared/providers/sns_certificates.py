"""The certificates that Amazon SNS signs with, fetched from its own hosts and kept."""

from collections import OrderedDict
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from shared.errors import BadRequestError, UnavailableError

if TYPE_CHECKING:
    import httpx
    from cryptography.x509 import Certificate

KEPT = 16  # certificates; each region has one, and another while it is renewed
TIMEOUT = 4.0  # seconds; SNS waits 15 for our answer
SIZE = 32 * 1024  # bytes; theirs have two to six thousand

_kept: OrderedDict[str, "Certificate"] = OrderedDict()  # by address, under which one never changes


async def get(url: str, http: "httpx.AsyncClient", at: datetime) -> "Certificate":
    """The certificate of an address, kept or fetched. The caller has pinned the address; TLS proves whose it is.

    Raises:
        BadRequestError: there is none, or not for this time.
        UnavailableError: it cannot be fetched now.
    """
    found = _kept.get(url) or read(await fetch(url, http))
    if not found.not_valid_before_utc <= at <= found.not_valid_after_utc:
        raise BadRequestError("The certificate of the message is not valid now.")
    keep(url, found)
    return found


async def fetch(url: str, http: "httpx.AsyncClient") -> bytes:
    import httpx  # noqa: PLC0415 - most calls find what they need kept

    try:
        answer = await http.get(url, timeout=TIMEOUT)
    except httpx.HTTPError as error:
        raise UnavailableError("The certificate of SNS cannot be fetched.", retry_after=5) from error
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        raise UnavailableError(f"SNS answered {answer.status_code} to a request for its certificate.", retry_after=5)
    if answer.status_code != HTTPStatus.OK or len(answer.content) > SIZE:
        raise BadRequestError("There is no certificate at SigningCertURL.")
    return answer.content


def read(pem: bytes) -> "Certificate":
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415 - 30 ms that other calls need not pay

    try:
        return load_pem_x509_certificate(pem)
    except ValueError:
        raise BadRequestError("There is no certificate at SigningCertURL.") from None


def keep(url: str, certificate: "Certificate") -> None:
    """Keep it, and let go of the one that was used least lately."""
    _kept[url] = certificate
    _kept.move_to_end(url)
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
