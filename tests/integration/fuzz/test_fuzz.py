"""Every HTTPS function before a fuzzer that has read its OpenAPI document: no 500, nothing that the document denies."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis import APIOperation
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shared import table
from shared.web import in_json
from tests import nightshift
from tests.browser.serving import Served, function, serving
from tests.integration.admin import rows
from tests.nightshift import SERVICE_KEY, Connection
from tests.players import SECRET as TOKENS

EXAMPLES = 12  # of each operation, always the same ones
SECRETS = {  # of those who post to us; nothing that a fuzzer sends is signed with one
    "stripe_webhook_secrets": "whsec_of_nobody",
    "resend_webhook_secrets": "whsec_b2Ygbm9ib2R5",
    "ses_topic_arn": "arn:aws:sns:eu-west-1:000000000000:mail",
}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
BOUNDED = hypothesis_settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
Operation = APIOperation[Any, Any, Any, Any]
APIS = [name for name, row in table.load().items() if not row.schedules and function(name).refusal is in_json]


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with serving(database_url, None, **SECRETS) as made:
        yield made


def token(user: Any) -> str:
    claims = {"sub": str(user), "aud": "authenticated", "role": "authenticated", "exp": time.time() + 600}
    return jwt.encode(claims, TOKENS, "HS256")


def fuzz(operation: Operation, keys: dict[str, str]) -> None:
    """Call one operation in many ways, as somebody whom it lets in."""
    scheme = next((name for each in operation.definition.raw["security"] for name in each), "")
    headers = {"authorization": f"Bearer {keys[scheme]}"} if scheme else {}

    @BOUNDED
    @given(case=operation.as_strategy())
    def each(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    each()


@pytest.mark.parametrize("name", APIS)
async def test_whatever_is_sent_is_answered_as_documented(conn: Connection, served: Served, name: str) -> None:
    await rows.dead_email(conn)
    await rows.webhook(conn)
    keys = {"serviceKey": SERVICE_KEY, "userToken": token(await nightshift.user(conn))}
    schema = await asyncio.to_thread(schemathesis.openapi.from_url, f"{served.url}/{name}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    for operation in operations:
        await asyncio.to_thread(fuzz, operation, keys)
    assert len(operations) == len(function(name).routes)
