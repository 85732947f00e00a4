"""Enqueueing: once per key, inside the caller's transaction; and the suppression list."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from shared.db import Database
from shared.errors import ConflictError, UnavailableError
from shared.mailbox import canonical
from shared.repositories import emails
from shared.repositories.emails import EmailRequest
from tests.nightshift import Connection, row

HELLO = EmailRequest(
    to="anna@example.org", subject="Hello", text="Good morning.", headers={"X-A": "1"}, metadata={"order": 1}
)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url)
    yield made
    await made.close()


async def test_an_email_waits_in_the_queue_with_all_that_it_says(db: Database, conn: Connection) -> None:
    send_at = datetime.now(UTC) + timedelta(hours=1)
    email = replace(HELLO, html="<p>Hi</p>", from_email="a@b.c", reply_to="d@e.f", email_type="recap", send_at=send_at)
    found = await emails.enqueue(db, email)
    stored = await row(conn, "email_queue", found.id)
    assert found.created
    assert (stored["to_email"], stored["subject"], stored["text"]) == ("anna@example.org", "Hello", "Good morning.")
    assert (stored["html"], stored["from_email"], stored["reply_to"]) == ("<p>Hi</p>", "a@b.c", "d@e.f")
    assert (stored["headers"], stored["metadata"], stored["email_type"]) == ({"X-A": "1"}, {"order": 1}, "recap")
    assert (stored["status"], stored["next_retry_at"]) == ("pending", send_at)


async def test_without_a_key_every_call_is_another_email(db: Database) -> None:
    first, second = [await emails.enqueue(db, HELLO) for _ in range(2)]
    assert first.id != second.id
    assert second.created


async def test_a_key_makes_one_row_however_often_it_is_used(db: Database) -> None:
    first = await emails.enqueue(db, HELLO, idempotency_key="k")
    again = await emails.enqueue(db, HELLO, idempotency_key="k")
    assert again == (first.id, False)


async def test_the_same_key_at_the_same_moment_makes_one_row(db: Database) -> None:
    found = await asyncio.gather(*[emails.enqueue(db, HELLO, idempotency_key="k") for _ in range(8)])
    assert len({each.id for each in found}) == 1
    assert sum(each.created for each in found) == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(HELLO, subject="Other"),
        replace(HELLO, to="ben@example.org"),
        replace(HELLO, html="<p>Hi</p>"),
        replace(HELLO, headers={}),
        replace(HELLO, metadata={"order": 2}),
        replace(HELLO, reply_to="a@b.c"),
    ],
)
async def test_a_key_of_another_email_is_a_conflict(db: Database, other: EmailRequest) -> None:
    await emails.enqueue(db, HELLO, idempotency_key="k")
    with pytest.raises(ConflictError, match="other content"):
        await emails.enqueue(db, other, idempotency_key="k")


async def test_a_key_that_vanishes_in_between_is_worth_another_try(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr(db, "row", nothing)
    with pytest.raises(UnavailableError, match="Try again"):
        await emails.enqueue(db, HELLO, idempotency_key="k")


async def test_an_email_is_there_if_and_only_if_its_transaction_commits(db: Database) -> None:
    async with db.transaction() as transaction:
        kept = await emails.enqueue(transaction, HELLO)
    with suppress(ZeroDivisionError):
        async with db.transaction() as transaction:
            undone = await emails.enqueue(transaction, HELLO)
            raise ZeroDivisionError
    assert await emails.status(db, kept.id) == "pending"
    assert await emails.status(db, undone.id) is None


async def test_a_suppressed_address_is_found_in_every_spelling(db: Database) -> None:
    assert await emails.suppress(db, "Anna@Bücher.Example", "bounce", source="smtp", provider_message_id="m_1")
    asked = ["ANNA@bücher.example", "anna@xn--bcher-kva.example", "ben@example.org", "nonsense"]
    assert await emails.suppressed(db, asked) == {asked[0]: "bounce", asked[1]: "bounce"}


async def test_the_first_reason_stays(db: Database, conn: Connection) -> None:
    await emails.suppress(db, "anna@example.org", "complaint", source="ses", detail={"feedback": "abuse"})
    assert not await emails.suppress(db, "ANNA@example.org", "bounce", source="smtp")
    stored = await (await conn.execute("select address, reason, source, detail from email_suppressions")).fetchall()
    assert stored == [
        {"address": "anna@example.org", "reason": "complaint", "source": "ses", "detail": {"feedback": "abuse"}}
    ]


async def test_asking_about_nobody_finds_nobody(db: Database) -> None:
    assert await emails.suppressed(db, []) == {}


@pytest.mark.parametrize(
    "values", ["('Anna@example.org', 'bounce', 'x')", "('anna@example.org', 'mood', 'x')", "('', 'manual', 'x')"]
)
async def test_the_table_itself_keeps_one_spelling_and_known_reasons(conn: Connection, values: str) -> None:
    statement = f"insert into email_suppressions (address, reason, source) values {values}"  # noqa: S608
    with pytest.raises(psycopg.errors.CheckViolation):
        await conn.execute(statement)


@pytest.mark.parametrize("address", ["ꭰ@example.org", "İ@example.org", "ẞ@example.org", "ΑΣ@example.org"])
async def test_letters_with_odd_cases_can_be_suppressed_too(db: Database, address: str) -> None:
    assert await emails.suppress(db, address, "manual", source="operator")
    assert await emails.suppressed(db, [address, canonical(address)]) == dict.fromkeys(
        [address, canonical(address)], "manual"
    )


async def test_the_status_of_what_is_not_there_is_nothing(db: Database) -> None:
    assert await emails.status(db, uuid4()) is None
