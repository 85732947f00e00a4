"""Mails through SES: against moto, and answer by answer from a server that says what it is told to."""

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_string
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from shared.outcome import Dead, Done, Down, Fate, Retry, Snooze, Unknown
from shared.providers.email_ses import FATES, THROTTLES, Ses
from tests.mails import ID, mail

REGION = "eu-west-1"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


def ses(endpoint: str | None = None, *, timeout: float = 2.0, configuration_set: str | None = None) -> Ses:
    return Ses(region=REGION, endpoint=endpoint, configuration_set=configuration_set, timeout=timeout)


async def send(mailer: Ses, **changes: Any) -> Fate:
    try:
        return await mailer.send(mail(**changes))
    finally:
        await mailer.close()


@pytest.fixture
def account() -> Iterator[Any]:
    """moto's account, its sender's domain verified."""
    with mock_aws():
        boto3.client("sesv2", region_name=REGION).create_email_identity(EmailIdentity="example.com")
        yield ses_backends[DEFAULT_ACCOUNT_ID][REGION]


async def test_an_accepted_mail_is_done_with_ses_id_and_goes_out_raw(account: Any) -> None:
    found = await send(ses(), html="<p>Hi</p>", unsubscribe_url="https://x.example/u")
    [sent] = account.sent_messages
    message = message_from_string(sent.raw_data)
    assert found == Done(sent.id)
    assert (message["To"], message["Subject"]) == ("anna@example.org", "Hello")
    assert message["Message-ID"] == f"<{ID.hex}@example.com>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message.get_content_type() == "multipart/alternative"


async def test_side_by_side_sends_share_one_client(account: Any) -> None:
    mailer = ses()
    fates = await asyncio.gather(*[mailer.send(mail()) for _ in range(10)])
    await mailer.close()
    assert all(isinstance(found, Done) for found in fates)
    assert len(account.sent_messages) == 10


async def test_a_forged_mail_never_reaches_ses(account: Any) -> None:
    assert isinstance(await send(ses(), subject="a\nb"), Dead)
    assert account.sent_messages == []


async def test_a_local_part_beyond_ascii_is_dead_since_ses_takes_none() -> None:
    found = await send(ses(), to_email="jürgen@example.org")
    assert found == Dead("SES takes no address with letters beyond ASCII before the @")


async def test_closing_what_was_never_opened_is_nothing() -> None:
    await ses().close()


class Says(BaseHTTPRequestHandler):
    """Answers a send with `status` and `code`, a question for the account with `quota`; status 0 closes instead."""

    status: ClassVar[int] = 200
    code: ClassVar[str] = ""
    quota: ClassVar[dict[str, float] | None] = None
    calls: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        self.calls.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
        if self.status == 0:
            return
        if self.status < 0:
            threading.Event().wait(0.5)
            return
        self.say(self.status, self.code, {"MessageId": "m_1", "message": "anna@example.org"})

    def do_GET(self) -> None:
        self.calls.append((self.path, b""))
        if self.quota is None:
            self.say(403, "AccessDeniedException", {})
        else:
            self.say(200, "", {"SendQuota": self.quota})

    def say(self, status: int, code: str, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        if code:
            self.send_header("x-amzn-errortype", code)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Tests are quiet."""


@pytest.fixture
def server() -> Iterator[tuple[type[Says], str]]:
    said = type("Said", (Says,), {"calls": []})
    listening = ThreadingHTTPServer(("127.0.0.1", 0), said)
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
    thread.start()
    yield said, f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    thread.join()
    listening.server_close()


Server = tuple[type[Says], str]


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "MessageRejected", Dead("ses 400 MessageRejected")),
        (400, "BadRequestException", Dead("ses 400 BadRequestException")),
        (400, "MailFromDomainNotVerifiedException", Down("ses 400 MailFromDomainNotVerifiedException")),
        (400, "AccountSuspendedException", Down("ses 400 AccountSuspendedException")),
        (400, "SendingPausedException", Down("ses 400 SendingPausedException")),
        (404, "NotFoundException", Down("ses 404 NotFoundException")),
        (403, "AccessDeniedException", Down("ses 403 AccessDeniedException")),
        (403, "ExpiredTokenException", Down("ses 403 ExpiredTokenException")),
        (403, "InvalidSignatureException", Down("ses 403 InvalidSignatureException")),
        (403, "UnrecognizedClientException", Down("ses 403 UnrecognizedClientException")),
        (400, "SomethingNewException", Retry("ses 400 SomethingNewException")),
        (500, "InternalServerErrorException", Down("ses 500 InternalServerErrorException")),
        (503, "", Down("ses 503 503")),
    ],
)
async def test_an_answer_has_the_fate_of_its_code(server: Server, status: int, code: str, expected: Fate) -> None:
    says, url = server
    says.status, says.code = status, code
    assert await send(ses(url)) == expected
    assert len(says.calls) == 1  # the queue retries, boto3 does not


def test_every_error_of_the_operation_has_a_fate() -> None:
    client = boto3.client("sesv2", region_name=REGION)
    errors = client.meta.service_model.operation_model("SendEmail").error_shapes
    assert {error.name for error in errors} <= FATES.keys() | THROTTLES


@pytest.mark.parametrize("code", ["TooManyRequestsException", "ThrottlingException", "LimitExceededException"])
@pytest.mark.parametrize(
    ("quota", "wait", "what"),
    [
        ({"Max24HourSend": 200.0, "SentLast24Hours": 200.0}, 600, "daily quota"),
        ({"Max24HourSend": 200.0, "SentLast24Hours": 12.0}, 1, "sending rate"),
        ({"Max24HourSend": -1.0, "SentLast24Hours": 5000.0}, 1, "sending rate"),
        (None, 1, "sending rate"),
    ],
)
async def test_a_throttle_waits_for_the_limit_that_was_met(
    server: Server, code: str, quota: dict[str, float] | None, wait: int, what: str
) -> None:
    says, url = server
    says.status, says.code, says.quota = 429, code, quota
    found = await send(ses(url))
    assert isinstance(found, Snooze)
    assert wait - 1 < (found.until - datetime.now(UTC)).total_seconds() <= wait
    assert (found.why, found.whole_channel) == (f"ses 429 {code} ({what})", True)


async def test_a_throttled_batch_asks_for_the_quota_once(server: Server) -> None:
    says, url = server
    says.status, says.code, says.quota = 429, "TooManyRequestsException", {}
    mailer = ses(url)
    await asyncio.gather(*[mailer.send(mail()) for _ in range(8)])
    await mailer.close()
    assert [path for path, _ in says.calls].count("/v2/email/account") == 1


async def test_the_call_names_the_configuration_set_and_the_recipient(server: Server) -> None:
    says, url = server
    assert await send(ses(url, configuration_set="events")) == Done("m_1")
    body = json.loads(says.calls[0][1])
    assert (body["ConfigurationSetName"], body["Destination"]) == ("events", {"ToAddresses": ["anna@example.org"]})


@pytest.mark.parametrize("status", [0, -1])
async def test_no_answer_after_the_call_leaves_a_doubt(server: Server, status: int) -> None:
    says, url = server
    says.status = status
    assert isinstance(await send(ses(url, timeout=0.2)), Unknown)


async def test_a_service_that_is_not_there_is_down() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Says) as gone:
        port = gone.server_port
    assert await send(ses(f"http://127.0.0.1:{port}")) == Down("ses: no answer (EndpointConnectionError)")


async def test_missing_credentials_are_our_fault_and_never_the_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert await send(ses("http://127.0.0.1:9")) == Down("ses: no answer (NoCredentialsError)")
