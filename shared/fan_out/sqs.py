"""Amazon SQS as the distributor: each message starts one invocation, by an event source mapping (serverless.yml).

Limits: 10 messages a request (docs.aws.amazon.com/AWSSimpleQueueService, SendMessageBatch).
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from shared import traces
from shared.errors import UnavailableError
from shared.settings import Settings

BATCH = 10  # messages in a request
CONNECT, READ = 2.0, 5.0  # seconds


class Sqs:
    """A `Distributor`. boto3 knows no asyncio: the call runs in a thread."""

    def __init__(self, settings: Settings, queue: str) -> None:
        self.settings, self.queue = settings, queue

    async def ask(self, ticks: Sequence[dict[str, str]]) -> None:
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in traces.headers().items()}
        entries = [{"MessageBody": json.dumps(tick), "MessageAttributes": attributes} for tick in ticks]
        await asyncio.to_thread(self._send, entries)

    def _send(self, messages: Sequence[dict[str, Any]]) -> None:
        import boto3  # noqa: PLC0415 - 130 ms, for a run that has more to do than it can
        from botocore.config import Config  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        config = Config(retries={"total_max_attempts": 2}, connect_timeout=CONNECT, read_timeout=READ)
        where: dict[str, Any] = {
            "region_name": self.settings.aws_region,
            "endpoint_url": self.settings.aws_endpoint_url,
        }
        try:
            client = boto3.session.Session().client("sqs", config=config, **where)
            for first in range(0, len(messages), BATCH):
                entries: list[Any] = [
                    {"Id": str(number), **message} for number, message in enumerate(messages[first : first + BATCH])
                ]
                answer = client.send_message_batch(QueueUrl=self.queue, Entries=entries)
                if refused := answer.get("Failed"):
                    raise UnavailableError(f"SQS refused {len(refused)} messages ({refused[0]['Code']}).")
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            raise UnavailableError(f"SQS refused: {code}. Look at FAN_OUT_QUEUE and the function's role.") from None
        except BotoCoreError as error:
            raise UnavailableError(f"SQS cannot be reached ({type(error).__name__}).") from None
