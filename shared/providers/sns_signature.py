"""Whether Amazon SNS sent a message (docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html)."""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.errors import BadRequestError
from shared.providers import sns_certificates
from shared.providers.sns import Posted

if TYPE_CHECKING:
    import httpx
    from cryptography.x509 import Certificate

# A message that is sent again keeps its id. An HTTPS endpoint is tried for an hour at most, Lambda for 23 days
# (docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html); ids are remembered for longer than this, so
# that no message is ever taken twice.
OLDEST = timedelta(days=25)
EARLY = timedelta(minutes=5)  # by which our clock may be behind
FILE = "/[0-9A-Za-z_.-]{1,200}[.]pem"


async def verify(message: Posted, http: "httpx.AsyncClient", now: datetime | None = None) -> None:
    """Check that SNS sent a message, whose topic is known to be ours.

    Args:
        now: the clock's by default.

    Raises:
        BadRequestError: it did not, or it is from another time.
        UnavailableError: its certificate cannot be fetched now.
    """
    at = now or datetime.now(UTC)
    if not at - OLDEST < message.at < at + EARLY:
        raise BadRequestError(f"The message is more than {OLDEST.days} days old, or from the future.")
    if not re.fullmatch(f"https://{re.escape(message.host)}{FILE}", message.certificate_url):
        raise BadRequestError("SigningCertURL is not a certificate of the topic's own region.")
    certificate = await sns_certificates.get(message.certificate_url, http, at)
    if not signed_with(certificate, message):
        raise BadRequestError("The signature does not match the message.")


def signed_with(certificate: "Certificate", message: Posted) -> bool:
    """Whether a certificate's key made the signature."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - other calls need not pay for it
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256  # noqa: PLC0415

    key, digest = certificate.public_key(), {"1": SHA1, "2": SHA256}[message.signature_version]
    if not isinstance(key, RSAPublicKey):
        return False
    try:
        key.verify(message.signature, message.signed, PKCS1v15(), digest())
    except InvalidSignature:
        return False
    return True
