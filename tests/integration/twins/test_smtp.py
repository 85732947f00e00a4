import asyncio
import smtplib
import time
from collections.abc import AsyncIterator
from email.message import EmailMessage

import aiosmtplib
import pytest

from infra.local.twins import SmtpTwin, TwinClient
from tests.integration.twins.conftest import FakeClock


@pytest.fixture
async def twin(clock: FakeClock) -> AsyncIterator[SmtpTwin]:
    async with SmtpTwin(clock=clock) as twin:
        yield twin


@pytest.fixture
async def admin(twin: SmtpTwin) -> AsyncIterator[TwinClient]:
    async with TwinClient(twin.url) as client:
        yield client


def mail(*to: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "night@example.org"
    message["To"] = ", ".join(to)
    message["Subject"] = "Grüße aus der Nacht"
    message["Message-ID"] = "<1@example.org>"
    message.set_content("plain words")
    message.add_alternative("<p>marked-up words</p>", subtype="html")
    return message


async def send(twin: SmtpTwin, *to: str, patience: float = 30) -> tuple[dict[str, aiosmtplib.SMTPResponse], str]:
    return await aiosmtplib.send(
        mail(*to), hostname="127.0.0.1", port=twin.smtp_port, timeout=patience, start_tls=False
    )


async def refusal(twin: SmtpTwin, to: str) -> tuple[int, str]:
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as caught:
        await send(twin, to)
    answer = caught.value.recipients[0]
    return answer.code, answer.message


async def test_a_message_is_kept_with_what_its_reader_needs(twin: SmtpTwin, admin: TwinClient) -> None:
    await send(twin, "anna@example.org")
    (message,) = await admin.messages()
    assert message["recipients"] == ["anna@example.org"]
    assert (message["message_id"], message["subject"]) == ("<1@example.org>", "Grüße aus der Nacht")
    assert message["text"] == "plain words\n"
    assert message["html"] == "<p>marked-up words</p>\n"


async def test_the_standard_library_client_is_served_too(twin: SmtpTwin) -> None:
    def deliver() -> None:
        with smtplib.SMTP("127.0.0.1", twin.smtp_port, timeout=5) as smtp:
            smtp.send_message(mail("anna@example.org"))

    await asyncio.to_thread(deliver)
    assert len(twin.mailbox.newest()) == 1


async def test_any_login_will_do(twin: SmtpTwin) -> None:
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=twin.smtp_port, start_tls=False)
    async with client:
        assert (await client.login("user", "password")).code == 235


@pytest.mark.parametrize(
    ("wish", "code", "enhanced"),
    [
        ("bounce", 550, "5.1.1"),
        ("full", 552, "5.2.2"),
        ("grey", 450, "4.2.0"),
        ("temp", 451, "4.3.0"),
        ("throttle", 454, "4.7.0"),
    ],
)
async def test_an_address_is_refused_as_it_asks_to_be(twin: SmtpTwin, wish: str, code: int, enhanced: str) -> None:
    answer = await refusal(twin, f"{wish}+anna@example.org")
    assert (answer[0], answer[1].split()[0]) == (code, enhanced)


async def test_an_address_with_a_number_fails_so_many_times_and_then_succeeds(twin: SmtpTwin) -> None:
    assert [(await refusal(twin, "temp2+anna@example.org"))[0] for _ in range(2)] == [451, 451]
    await send(twin, "temp2+anna@example.org")
    assert [record["outcome"] for record in twin.journal.all()] == ["refused", "refused", "delivered"]


async def test_one_bad_recipient_does_not_keep_the_mail_from_the_others(twin: SmtpTwin) -> None:
    errors, _ = await send(twin, "bounce+anna@example.org", "ben@example.org")
    assert list(errors) == ["bounce+anna@example.org"]
    assert twin.mailbox.newest()[0].recipients == ("ben@example.org",)


async def test_a_rule_for_named_addresses_ignores_case_and_spares_the_others(twin: SmtpTwin, admin: TwinClient) -> None:
    await admin.fault("address", action="bounce", only=["Anna@Example.org"])
    assert (await refusal(twin, "anna@EXAMPLE.org"))[0] == 550
    await send(twin, "ben@example.org")


async def test_a_rule_for_the_first_tries_concerns_each_address_by_itself(twin: SmtpTwin, admin: TwinClient) -> None:
    await admin.fault("address", action="grey", times=1, only=["a@example.org", "b@example.org"])
    assert (await refusal(twin, "a@example.org"))[0] == 450
    assert (await refusal(twin, "b@example.org"))[0] == 450
    await send(twin, "a@example.org")


async def test_421_closes_the_connection(twin: SmtpTwin) -> None:
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=twin.smtp_port, start_tls=False)
    await client.connect()
    await client.mail("night@example.org")
    with pytest.raises(aiosmtplib.SMTPException):
        await client.rcpt("busy+anna@example.org")
    await asyncio.sleep(0.02)
    assert not client.is_connected


async def test_a_dropped_answer_is_of_a_message_that_was_accepted(twin: SmtpTwin) -> None:
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await send(twin, "drop1+anna@example.org")
    assert len(twin.mailbox.newest()) == 1
    assert [(r["outcome"], r["answered"]) for r in twin.journal.all()] == [("delivered", False)]


async def test_a_hanging_answer_is_of_a_message_that_was_accepted(twin: SmtpTwin) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=twin.smtp_port, start_tls=False) as client:
        with pytest.raises(aiosmtplib.SMTPReadTimeoutError):
            await client.send_message(mail("hang+anna@example.org"), timeout=0.2)
    assert len(twin.mailbox.newest()) == 1


async def test_a_slow_recipient_gets_its_mail_late(twin: SmtpTwin, admin: TwinClient) -> None:
    await admin.fault("address", action="slow", delay=0.05)
    started = time.monotonic()
    await send(twin, "anna@example.org")
    assert time.monotonic() - started >= 0.05


async def test_an_outage_answers_421_instead_of_a_greeting(twin: SmtpTwin, admin: TwinClient) -> None:
    await admin.fault("outage")
    with pytest.raises(aiosmtplib.SMTPConnectError):
        await send(twin, "anna@example.org")
    assert twin.mailbox.newest() == []


async def test_an_outage_can_be_a_closed_connection_and_ends_after_its_seconds(
    twin: SmtpTwin, admin: TwinClient, clock: FakeClock
) -> None:
    await admin.fault("outage", mode="drop", seconds=60)
    with pytest.raises(aiosmtplib.SMTPException):
        await send(twin, "anna@example.org")
    clock.advance(60)
    await send(twin, "anna@example.org")


async def test_an_outage_can_be_silence(twin: SmtpTwin, admin: TwinClient) -> None:
    await admin.fault("outage", mode="hang")
    with pytest.raises(aiosmtplib.SMTPException):
        await send(twin, "anna@example.org", patience=0.1)


async def test_stats_count_refusals_and_kept_mail(twin: SmtpTwin, admin: TwinClient) -> None:
    await refusal(twin, "bounce+anna@example.org")
    await send(twin, "ben@example.org")
    stats = await admin.stats()
    assert (stats["outcomes"], stats["kept"]) == ({"refused": 1, "delivered": 1}, 1)


async def test_it_stops_while_a_client_is_still_connected(clock: FakeClock) -> None:
    async with SmtpTwin(clock=clock) as twin:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=twin.smtp_port, start_tls=False)
        await client.connect()
    await asyncio.sleep(0.02)
    assert not client.is_connected
