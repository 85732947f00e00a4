"""mail-events where Amazon SNS invokes the Lambda itself, in AWS's own runtime."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.program import free_port
from tests.integration.mail.mail_events import held, suppressions
from tests.lambda_runtime import LambdaRuntime
from tests.nightshift import Connection
from tests.topic import ARN, bounce, stamp

ANNA = "anna@example.org"
HANDLER = "functions/mail_events/main.handler"


def record(told: Any, **changes: Any) -> dict[str, Any]:
    """A record as docs.aws.amazon.com/lambda/latest/dg/with-sns.html has it: unlike a post, it spells `...CertUrl`."""
    message: dict[str, Any] = {
        "SignatureVersion": "1",
        "Timestamp": stamp(),
        "Signature": "tcc6faL2yUC6dgZdmrwh1Y4cGa/ebXEkAi6RibDsvpi+tE/1+82j...65r==",
        "SigningCertUrl": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-ac565b8b1a6c5d002d285f9598aa1d9b.pem",
        "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
        "Message": json.dumps(told),
        "MessageAttributes": {},
        "Type": "Notification",
        "UnsubscribeUrl": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
        "TopicArn": ARN,
        "Subject": None,
    }
    subscription = f"{ARN}:21be56ed-a058-49f5-8c98-aedd2564c486"
    return {
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
        "EventSource": "aws:sns",
        "Sns": message | changes,
    }


@pytest.fixture
def running(database_url: str) -> Iterator[LambdaRuntime]:
    with LambdaRuntime(HANDLER, {"DATABASE_URL": database_url, "SES_TOPIC_ARN": ARN}) as made:
        yield made


async def test_a_topic_may_invoke_the_function_itself(conn: Connection, running: LambdaRuntime) -> None:
    event = {"Records": [record(bounce(ANNA))]}
    outcomes = [running.invoke(event) for _ in range(2)]
    assert [outcome.kind for outcome in outcomes] == ["response"] * 2
    assert [outcome.content for outcome in outcomes] == [{"statuses": ["suppressed"]}, {"statuses": ["duplicate"]}]
    assert await suppressions(conn) == {ANNA: "bounce"}


async def test_another_topic_may_not(conn: Connection, running: LambdaRuntime) -> None:
    outcome = running.invoke({"Records": [record(bounce(ANNA), TopicArn=f"{ARN}-of-others")]})
    assert (outcome.kind, outcome.content["errorMessage"]) == (
        "error",
        "The message's topic is none of SES_TOPIC_ARN.",
    )
    assert await held(conn) == []


@pytest.mark.parametrize("event", [{"Records": []}, {"Records": [{"eventSource": "aws:s3"}]}, {"time": stamp()}, {}])
def test_an_event_of_another_kind_is_a_failed_invocation(running: LambdaRuntime, event: dict[str, Any]) -> None:
    outcome = running.invoke(event)
    assert outcome.kind == "error"
    assert outcome.content["errorMessage"] == "The event holds no message of Amazon SNS."


def test_a_stopped_database_is_a_failed_invocation_so_that_lambda_tries_again() -> None:
    away = {"DATABASE_URL": f"postgresql://postgres@127.0.0.1:{free_port()}/none", "DB_TIMEOUT": "300ms"}
    with LambdaRuntime(HANDLER, away | {"SES_TOPIC_ARN": ARN}) as made:
        outcome = made.invoke({"Records": [record(bounce(ANNA))]})
    assert outcome.kind == "error"
    assert "database cannot be reached" in outcome.content["errorMessage"]
