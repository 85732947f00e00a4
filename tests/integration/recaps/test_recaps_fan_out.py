"""More invocations where more waits than one can do: asked for once, handed out by a cloud's queue."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.generate_summaries import main
from infra.local.twins.claude import ClaudeTwin
from shared import fan_out
from shared.resources import Resources
from tests import nightshift
from tests.integration.recaps.conftest import told
from tests.integration.recaps.players import players, recaps, summaries, work
from tests.lambda_runtime import LambdaRuntime
from tests.nightshift import Connection

REGION = "eu-west-1"


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an SQS queue of moto's."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr(main, "EACH", 10)
    with mock_aws():
        yield boto3.client("sqs", region_name=REGION).create_queue(QueueName="more-recaps")["QueueUrl"]


def resources_of(database_url: str, claude: ClaudeTwin, queue: str | None) -> Resources:
    return Resources(nightshift.settings(database_url, **told(claude, claude_timeout="5s", fan_out_queue=queue)))


def messages(queue: str) -> list[dict[str, Any]]:
    """What the queue hands out, as the event source mapping sees it."""
    answer = boto3.client("sqs", region_name=REGION).receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    return [
        {
            "messageId": each["MessageId"],
            "body": each["Body"],
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:000000000000:more-recaps",
        }
        for each in answer.get("Messages", [])
    ]


async def test_a_run_asks_for_one_more_invocation_for_each_so_many_that_wait(
    database_url: str,
    conn: Connection,
    claude: ClaudeTwin,
    queue: str,
) -> None:
    await players(conn, 34)
    resources = resources_of(database_url, claude, queue)
    answer = await recaps(resources, "schedule")
    asked = [json.loads(each["body"]) for each in messages(queue)]
    assert answer["detail"]["invocations_asked_for"] == len(asked) == 3
    assert {tick["trigger"] for tick in asked} == {"fan-out"}
    await resources.close()


async def test_one_that_was_asked_for_asks_for_no_other(
    database_url: str,
    conn: Connection,
    claude: ClaudeTwin,
    queue: str,
) -> None:
    await players(conn, 34)
    resources = resources_of(database_url, claude, queue)
    assert (await recaps(resources, fan_out.TRIGGER))["processed"] == 34
    assert messages(queue) == []
    await resources.close()


async def test_never_more_than_so_many_are_asked_for(
    database_url: str,
    conn: Connection,
    claude: ClaudeTwin,
    queue: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(main, "EACH", 1)
    await players(conn, 34)
    resources = resources_of(database_url, claude, queue)
    await recaps(resources, "schedule")
    assert len(messages(queue)) == fan_out.MOST
    await resources.close()


@pytest.mark.parametrize("named", ["https://sqs.eu-west-1.amazonaws.com/000000000000/none", None])
async def test_a_run_whose_queue_takes_nothing_works_on_alone(
    database_url: str,
    conn: Connection,
    claude: ClaudeTwin,
    queue: str,
    named: str | None,
) -> None:
    await players(conn, 34)
    resources = resources_of(database_url, claude, named)
    answer = await recaps(resources, "schedule")
    assert (answer["status"], answer["processed"]) == ("success", 34)
    assert messages(queue) == []
    await resources.close()


async def test_what_the_queue_hands_out_lambda_works_off(
    database_url: str,
    conn: Connection,
    claude: ClaudeTwin,
    queue: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The run that asks writes nothing itself here: two instances of Lambda's own client do."""
    await players(conn, 24)
    resources = resources_of(database_url, claude, queue)
    monkeypatch.setattr(main, "by_the_model", nobody)
    await recaps(resources, "schedule")
    await resources.close()
    env = {name.upper(): str(value) for name, value in told(claude, claude_timeout="5s").items()}
    env |= {"DATABASE_URL": database_url, "SERVICE_KEYS": nightshift.SERVICE_KEY, "LOG_LEVEL": "ERROR"}
    [first, second] = messages(queue)
    with LambdaRuntime("functions/generate_summaries/main.handler", env) as one:
        broken = {**second, "messageId": "broken", "body": "no tick"}
        # In a thread: Claude's twin answers in this one.
        outcome = await asyncio.to_thread(one.invoke, {"Records": [first, broken]})
        assert outcome.content == {"batchItemFailures": [{"itemIdentifier": "broken"}]}
        again = await asyncio.to_thread(one.invoke, {"Records": [second]})
        assert again.content == {"batchItemFailures": []}
    assert len(await summaries(conn)) == 24
    assert await work(conn) == []
    assert claude.stats()["repeated"] == 0


async def nobody(*_: object) -> None:
    """In place of the writing."""
