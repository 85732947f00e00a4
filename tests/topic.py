"""An Amazon SNS topic on loopback: it signs with a key of its own, and serves its certificate where SNS would."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from shared.http import Client
from shared.http_pool import Pool

ARN = "arn:aws:sns:eu-west-1:123456789012:mail-events"
HOST = "sns.eu-west-1.amazonaws.com"
KEY = rsa.generate_private_key(65537, 2048)  # once for all tests: it takes 100 ms
FIELDS = {  # docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html
    "Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
    "SubscriptionConfirmation": ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
    "UnsubscribeConfirmation": ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
}
DIGESTS: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303 - SNS's default
DAY = timedelta(days=1)
Posted = dict[str, Any]


def certificate(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = KEY, *, since: timedelta = -DAY, until: timedelta = DAY
) -> bytes:
    """A self-signed one that is valid from then to then, as seen from now."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + since)
        .not_valid_after(now + until)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def stamp(ago: timedelta = timedelta(0)) -> str:
    """A time as SNS writes it."""
    return (datetime.now(UTC) - ago).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def signed(message: Posted, version: str = "2", key: rsa.RSAPrivateKey = KEY) -> Posted:
    """The message with its signature."""
    lines = [f"{name}\n{message[name]}\n" for name in FIELDS[message["Type"]] if name in message]
    made = key.sign("".join(lines).encode(), padding.PKCS1v15(), DIGESTS[version])
    return {**message, "SignatureVersion": version, "Signature": base64.b64encode(made).decode()}


class Rerouted(httpx.AsyncBaseTransport):
    """Leads requests for a host of SNS to the topic, and all others nowhere."""

    def __init__(self, base: str) -> None:
        self.base, self.pool = base, Pool(4)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        if (url.scheme, url.host, url.port, url.userinfo) != ("https", HOST, None, b""):
            raise AssertionError(f"{url} was asked for.")
        there = httpx.URL(self.base).copy_with(raw_path=url.raw_path)
        return await self.pool.handle_async_request(httpx.Request(request.method, there, extensions=request.extensions))


@dataclass
class Topic:
    """An async context manager.

    Attributes:
        pem: what it answers to whoever asks for its certificate, with `status`.
        asked, confirmed: the paths of certificates that were asked for, the queries of confirmations.
    """

    pem: bytes = field(default_factory=certificate)
    status: int = 200
    file: str = field(default_factory=lambda: f"/SimpleNotificationService-{uuid4().hex}.pem")
    asked: list[str] = field(default_factory=list)
    confirmed: list[Mapping[str, str]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes([web.get("/", self._confirm), web.get("/{file}", self._certificate)])
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.transport = Rerouted(f"http://127.0.0.1:{self.runner.addresses[0][1]}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.transport.pool.aclose()
        await self.runner.cleanup()

    def client(self) -> httpx.AsyncClient:
        """The process's client, for which SNS is here."""
        return Client(transport=self.transport)

    def notification(self, content: Any, **changes: Any) -> Posted:
        """A notification that carries this content as JSON, or as it is where it is text; unsigned."""
        text = content if isinstance(content, str) else json.dumps(content)
        message = {
            "Type": "Notification",
            "MessageId": str(uuid4()),
            "TopicArn": ARN,
            "Subject": "Amazon SES Email Event Notification",
            "Message": text,
            "Timestamp": stamp(),
            "SigningCertURL": f"https://{HOST}{self.file}",
            "UnsubscribeURL": f"https://{HOST}/?Action=Unsubscribe&SubscriptionArn={ARN}:c9135db0",
        }
        return {name: value for name, value in (message | changes).items() if value is not None}

    def subscription(self, word: str = "Subscription", **changes: Any) -> Posted:
        """A confirmation of a subscription or of its end; unsigned."""
        query = f"Action=ConfirmSubscription&TopicArn={ARN}&Token=2336412f37fb687f"
        own = {
            "Type": f"{word}Confirmation",
            "Token": "2336412f37fb687f",
            "SubscribeURL": f"https://{HOST}/?{query}",
            "Subject": None,
            "UnsubscribeURL": None,
        }
        return self.notification(f"You have chosen to subscribe to the topic {ARN}.", **(own | changes))

    async def _certificate(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        return web.Response(body=self.pem, status=self.status, headers={"Location": "https://elsewhere.example/"})

    async def _confirm(self, request: web.Request) -> web.Response:
        self.confirmed.append(dict(request.query))
        return web.Response(text="<ConfirmSubscriptionResponse/>", status=self.status)


def bounce(*recipients: str, **changes: Any) -> dict[str, Any]:
    """A notification of SES about a hard bounce; `sub_type`, `kind`, `type`, `destination` and `message_id` vary it."""
    named = [
        {"emailAddress": to, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
        for to in recipients
    ]
    return {
        changes.get("key", "notificationType"): "Bounce",
        "bounce": {
            "bounceType": changes.get("type", "Permanent"),
            "bounceSubType": changes.get("sub_type", "General"),
            "bouncedRecipients": named,
            "timestamp": stamp(),
            "feedbackId": "0102015fd91a6479-ae22395c-000000",
            "reportingMTA": "dns; amazonses.com",
        },
        "mail": sent(changes.get("destination", recipients), changes.get("message_id", MESSAGE_ID)),
    }


def complaint(*recipients: str, **changes: Any) -> dict[str, Any]:
    """The same about somebody who called the mail spam."""
    return {
        changes.get("key", "notificationType"): "Complaint",
        "complaint": {
            "complainedRecipients": [{"emailAddress": to} for to in recipients],
            "timestamp": stamp(),
            "feedbackId": "0102015fd91a6479-ae22395c-000000",
            "complaintSubType": changes.get("sub_type"),
            "complaintFeedbackType": changes.get("feedback", "abuse"),
        },
        "mail": sent(changes.get("destination", recipients), changes.get("message_id", MESSAGE_ID)),
    }


MESSAGE_ID = "00000138111222aa-33322211-cccc-cccc-cccc-ddddaaaa0680-000000"


def sent(destination: Any, message_id: str) -> dict[str, Any]:
    return {
        "timestamp": stamp(),
        "source": "night@example.com",
        "sourceArn": "arn:aws:ses:eu-west-1:123456789012:identity/example.com",
        "sendingAccountId": "123456789012",
        "messageId": message_id,
        "destination": list(destination),
        "headersTruncated": False,
        "headers": [{"name": "Subject", "value": "Hello"}],
        "commonHeaders": {"from": ["night@example.com"], "subject": "Hello"},
    }
