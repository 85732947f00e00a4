"""What the tests of mail-events share."""

import json
from typing import Any

from functions.mail_events.main import app
from shared.resources import Resources
from shared.web import Request, Response
from tests.nightshift import Connection, content
from tests.topic import Topic, signed


async def post(resources: Resources, message: dict[str, Any]) -> Response:
    """Post a message as SNS does."""
    headers = {"content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": message["Type"]}
    return await app(Request("POST", "/mail-events/ses", headers, body=json.dumps(message).encode()), resources)


async def tell(events: Resources, topic: Topic, told: Any, **changes: Any) -> str:
    """What became of a notification."""
    answer = await post(events, signed(topic.notification(told, **changes)))
    assert answer.status == 200, answer.body
    return str(content(answer)["status"])


async def suppressions(conn: Connection) -> dict[str, str]:
    rows = await (await conn.execute("select address, reason from email_suppressions")).fetchall()
    return {row["address"]: row["reason"] for row in rows}


async def held(conn: Connection) -> list[dict[str, Any]]:
    """The notices that are remembered."""
    return await (await conn.execute("select * from webhook_events order by id")).fetchall()
