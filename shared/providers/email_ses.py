"""Emails through Amazon SES, API version 2 (docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html).

Limits: a rate a second and a quota in 24 hours, both per account and region (200 a day and 1 a second in the
sandbox); 40 MB a message. No idempotency key: a mail whose call got no answer may be out. SES writes Date and
Message-ID itself; its own id is the receipt that bounces and complaints name.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared import traces
from shared.outcome import Dead, Done, Down, Fate, Retry, Snooze, Unknown
from shared.providers.letter import Letter, letter
from shared.providers.mail import Mail
from shared.providers.mime import message, needs_utf8

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_sesv2 import SESV2Client

AT_ONCE = 6  # sends: as many threads as asyncio's own pool has on two cores
CONNECT = 5.0  # seconds
RATE_WAIT = 1.0  # seconds: the rate limit is one a second
QUOTA_WAIT = 600.0  # seconds; the quota is a sliding window, so some of it comes back all the time
ASKED = 10.0  # seconds for which an answer about the quota holds; the call itself is limited to one a second

# Error code -> fate; first those of SendEmail itself, then those that every service has.
FATES: dict[str, Callable[[str], Fate]] = {
    "MessageRejected": Dead,  # the content
    "BadRequestException": Dead,
    "ValidationException": Dead,
    "InvalidParameterValue": Dead,
    "MailFromDomainNotVerifiedException": Down,  # from here on: ours, not the mail's
    "AccountSuspendedException": Down,
    "SendingPausedException": Down,
    "NotFoundException": Down,  # the configuration set
    "AccessDeniedException": Down,
    "AccessDenied": Down,
    "ExpiredToken": Down,
    "ExpiredTokenException": Down,
    "IncompleteSignature": Down,
    "InvalidClientTokenId": Down,
    "InvalidSignatureException": Down,
    "MissingAuthenticationToken": Down,
    "MissingAuthenticationTokenException": Down,
    "NotAuthorized": Down,
    "OptInRequired": Down,
    "RequestExpired": Down,
    "SignatureDoesNotMatch": Down,
    "UnrecognizedClientException": Down,
}
# Too fast, or too much for a day: which of the two, the account's own numbers tell.
THROTTLES = frozenset({"TooManyRequestsException", "ThrottlingException", "Throttling", "LimitExceededException"})
# No answer -> fate, by the name of botocore's error. What is not here is credentials or settings: ours, Down.
SILENCE: dict[str, Callable[[str], Fate]] = {
    "ReadTimeoutError": Unknown,
    "ConnectionClosedError": Unknown,
    "HTTPClientError": Unknown,
    "IncompleteReadError": Unknown,
    "ResponseStreamingError": Unknown,
    "ResponseParserError": Unknown,
}


class Ses:
    """A `Mailer`. boto3 knows no asyncio: every call runs in a thread."""

    at_once = AT_ONCE

    def __init__(self, *, region: str, endpoint: str | None, configuration_set: str | None, timeout: float) -> None:
        self.options: dict[str, Any] = {"region_name": region, "endpoint_url": endpoint}
        self.configuration_set, self.timeout = configuration_set, timeout
        self.first = asyncio.Lock()
        self.client: SESV2Client | None = None
        self.quota_asked, self.quota_spent = float("-inf"), False

    async def send(self, mail: Mail) -> Fate:
        checked = letter(mail)
        if isinstance(checked, Dead):
            return checked
        if needs_utf8(checked):
            return Dead("SES takes no address with letters beyond ASCII before the @")
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - 130 ms that only SES pays

        try:
            client = await self._connected()
            with traces.span("SESv2/SendEmail", {"rpc.system": "aws-api"}, "client"):
                return Done(await asyncio.to_thread(self._send, client, checked))
        except ClientError as error:
            return await self._refused(error)
        except BotoCoreError as error:
            name = type(error).__name__
            return SILENCE.get(name, Down)(f"ses: no answer ({name})")

    async def close(self) -> None:
        if self.client:
            self.client.close()

    async def _connected(self) -> "SESV2Client":
        async with self.first:
            if self.client is None:
                self.client = await asyncio.to_thread(self._connect)
            return self.client

    def _connect(self) -> "SESV2Client":
        import boto3  # noqa: PLC0415 - 130 ms that only SES pays
        from botocore.config import Config  # noqa: PLC0415

        # The queue retries, with its own patience; a second try in here would be a second mail that nobody counts.
        once = Config(retries={"total_max_attempts": 1}, connect_timeout=CONNECT, read_timeout=self.timeout)
        return boto3.session.Session().client("sesv2", config=once, **self.options)

    def _send(self, client: "SESV2Client", checked: Letter) -> str:
        raw = {"Raw": {"Data": message(checked, datetime.now(UTC))}}
        named = {"ConfigurationSetName": self.configuration_set} if self.configuration_set else {}
        options: dict[str, Any] = {"Content": raw, "Destination": {"ToAddresses": [checked.to.address]}, **named}
        return client.send_email(**options)["MessageId"]

    async def _refused(self, error: "ClientError") -> Fate:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        why = f"ses {status} {code if code.isalnum() else ''}".strip()
        if code in THROTTLES:
            return await self._throttled(why)
        return FATES.get(code, Down if status >= 500 else Retry)(why)  # noqa: PLR2004 - HTTP's own boundary

    async def _throttled(self, why: str) -> Snooze:
        async with self.first:
            if time.monotonic() - self.quota_asked > ASKED:
                self.quota_spent = await asyncio.to_thread(self._spent)
                self.quota_asked = time.monotonic()
        wait, what = (QUOTA_WAIT, "daily quota") if self.quota_spent else (RATE_WAIT, "sending rate")
        return Snooze(datetime.now(UTC) + timedelta(seconds=wait), f"{why} ({what})", whole_channel=True)

    def _spent(self) -> bool:
        """Whether the last 24 hours used up the quota; where we may not ask, it was the rate."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            quota = self.client.get_account()["SendQuota"] if self.client else {}
        except (BotoCoreError, ClientError):
            return False
        return 0 <= quota.get("Max24HourSend", -1.0) <= quota.get("SentLast24Hours", 0.0)
