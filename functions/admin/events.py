"""What providers have told by webhook: listed, looked into, processed again."""

from uuid import UUID

from shared.paging import Page, Reveal
from shared.queue.rows import Rows
from shared.web import Call, Response, answer
from shared.webhook_events import WebhookEvents, Which


class Listing(Which, Page):
    before: UUID | None = None


async def page(call: Call) -> Response:
    """A page of events, newest first; a rare one may be pages away, so go on while there is a `next_before`."""
    asked = call.query(Listing)
    found, later = await WebhookEvents(call.resources.db).page(asked, asked.limit, asked.before)
    return answer({"events": found, "next_before": later})


async def one(call: Call) -> Response:
    """One event, and where it stands in the retry queue."""
    reveal, identifier = call.query(Reveal).reveal, call.uuid("event")
    event = await WebhookEvents(call.resources.db).one(identifier, reveal=reveal)
    if reveal:
        await Rows(call.resources.db).note(call.caller.name, "reveal", f"webhook_events/{identifier}")
    return answer(event)


async def redeliver(call: Call) -> Response:
    """Process it again, through the retry queue."""
    retry = await WebhookEvents(call.resources.db).redeliver(call.uuid("event"), call.caller.name)
    return answer(
        {"id": call.uuid("event"), "retry": retry, "retry_url": f"/admin/queues/webhook_retry_queue/rows/{retry}"}
    )
