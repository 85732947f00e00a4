"""Google's way of handing out invocations: a task for each, called with the function's own identity."""

import base64
import json
from datetime import UTC, datetime

import pytest

from shared.fan_out import fan_out
from shared.resources import Resources
from shared.task import Run, Tick
from tests import nightshift
from tests.integration.core.receiver import Receiver

QUEUE = "projects/p/locations/europe-west1/queues/more-recaps"
TOKEN = "/computeMetadata/v1/instance/service-accounts/default/token"
AT = datetime(2026, 1, 2, 6, tzinfo=UTC)


async def waiting(most: int) -> int:
    return min(most, 25)


def run_of(receiver: Receiver) -> Run:
    settings = nightshift.settings(
        "postgresql://nobody@127.0.0.1:1/none",
        fan_out_queue=QUEUE,
        cloud_tasks_base=receiver.url,
        gcp_metadata_base=receiver.url,
        functions_base_url="https://functions.example",
        oidc_audience="https://functions.example",
        oidc_service_account="scheduler@p.iam.gserviceaccount.com",
    )
    return Run("generate-summaries", Tick(scheduled_for=AT), Resources(settings), 60.0)


async def test_each_invocation_is_a_task_that_calls_the_function_with_an_identity() -> None:
    async with Receiver(answers={TOKEN: {"access_token": "ya29.token"}}) as receiver:
        run = run_of(receiver)
        await fan_out(run, waiting, each=10)
        await run.resources.close()
    token, *tasks = receiver.got
    assert token.headers["metadata-flavor"] == "Google"
    assert {task.path for task in tasks} == {f"/v2/{QUEUE}/tasks"}
    assert {task.headers["authorization"] for task in tasks} == {"Bearer ya29.token"}
    requests = [json.loads(task.body)["task"]["httpRequest"] for task in tasks]
    assert len(requests) == run.metadata["invocations_asked_for"] == 2
    assert requests[0]["url"] == "https://functions.example/generate-summaries"
    assert requests[0]["oidcToken"] == {
        "serviceAccountEmail": "scheduler@p.iam.gserviceaccount.com",
        "audience": "https://functions.example",
    }
    tick = Tick.model_validate_json(base64.b64decode(requests[0]["body"]))
    assert (tick.scheduled_for, tick.trigger) == (AT, "fan-out")


@pytest.mark.parametrize("status", [403, 429, 500])
async def test_a_queue_that_refuses_is_no_fault_of_the_run(status: int) -> None:
    async with Receiver(answers={TOKEN: {"access_token": "t"}}, status=status) as receiver:
        run = run_of(receiver)
        await fan_out(run, waiting, each=10)
        await run.resources.close()
    assert "invocations_asked_for" not in run.metadata


async def test_a_queue_that_is_not_there_is_no_fault_of_the_run() -> None:
    async with Receiver() as receiver:
        run = run_of(receiver)
    await fan_out(run, waiting, each=10)
    await run.resources.close()
    assert run.metadata == {}
