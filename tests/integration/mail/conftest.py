from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from infra.local.twins.smtp import SmtpTwin
from shared.outcome import Fate
from shared.providers.email_smtp import Smtp
from shared.providers.smtp_relay import relay
from shared.resources import Resources
from tests import nightshift
from tests.mails import ID, mail
from tests.nightshift import Connection
from tests.topic import ARN, Topic


@pytest.fixture
async def mailbox() -> AsyncIterator[SmtpTwin]:
    async with SmtpTwin() as twin:
        yield twin


@pytest.fixture
async def resources(database_url: str, mailbox: SmtpTwin) -> AsyncIterator[Resources]:
    values: dict[str, Any] = {"smtp_url": mailbox.smtp_url, "email_timeout": "500ms", "email_from": "night@example.com"}
    made = Resources(nightshift.settings(database_url, **values))
    yield made
    await made.close()


@pytest.fixture
async def topic() -> AsyncIterator[Topic]:
    async with Topic() as made:
        yield made


@pytest.fixture
async def events(database_url: str, topic: Topic, mailbox: SmtpTwin) -> AsyncIterator[Resources]:
    made = Resources(nightshift.settings(database_url, ses_topic_arn=ARN, smtp_url=mailbox.smtp_url))
    vars(made)["http"] = topic.client()
    yield made
    await made.close()


async def queued(conn: Connection, to: str = "anna@example.org", **columns: Any) -> UUID:
    """An email as another program inserts it, with plain SQL."""
    given = {"to_email": to, "subject": "Hello", "text": "Good morning.", **columns}
    names = ", ".join(given)
    marks = ", ".join(["%s"] * len(given))
    statement = f"insert into email_queue ({names}) values ({marks}) returning id"  # noqa: S608 - names of this file
    cursor = await conn.execute(statement, list(given.values()))
    return UUID(str((await cursor.fetchone() or {})["id"]))


MESSAGE_ID = f"<{ID.hex}@example.com>"  # of `mails.mail()`


def smtp(url: str, *, patience: float = 5.0) -> Smtp:
    return Smtp(relay(url), timeout=patience, hello="example.com")


async def send(url: str, *, patience: float = 5.0, **changes: Any) -> Fate:
    mailer = smtp(url, patience=patience)
    try:
        return await mailer.send(mail(**changes))
    finally:
        await mailer.close()
