"""What providers have told by webhook: the list, one event, and processing it again."""

from typing import get_args
from uuid import UUID

from functions.console.page import DONE, read, show, to
from functions.console.view import ROWS, View, further
from shared.queue.rows import Rows
from shared.web import Call, Response
from shared.webhook_events import Provider, State, WebhookEvents, Which

HERE = "/console/webhooks"


class Asked(View, Which):
    before: UUID | None = None


async def page(call: Call) -> Response:
    """The newest events, by provider, type, state or name."""
    asked = call.query(Asked)
    found = await read(call, "events", lambda db: WebhookEvents(db).page(asked, ROWS, asked.before))
    events, before = found.value
    return show(
        call,
        "webhooks.html",
        title="Webhooks",
        section="Webhooks",
        known=(found,),
        events=events,
        providers=get_args(Provider),
        states=get_args(State),
        older=further(call, before=before) if before else None,
    )


async def one(call: Call) -> Response:
    """One event; what it says is only described."""
    identifier = call.uuid("event")
    known = await read(call, "event", lambda db: WebhookEvents(db).one(identifier, reveal=False))
    trail, event = (("Webhooks", HERE),), known.value
    title = event["event_type"]
    return show(call, "webhook.html", title=title, section="Webhooks", trail=trail, known=(known,), event=event)


async def reveal(call: Call) -> Response:
    """One event with what it says; that somebody looked is recorded first."""
    identifier = call.uuid("event")
    await Rows(call.resources.db).note(call.caller.name, "reveal", f"webhook_events/{identifier}")
    event = await WebhookEvents(call.resources.db).one(identifier, reveal=True)
    trail = (("Webhooks", HERE), (event["event_type"], f"{HERE}/{identifier}"))
    return show(call, "webhook_body.html", title="What it says", section="Webhooks", trail=trail, event=event)


async def redeliver(call: Call) -> Response:
    """Process it again through the retry queue."""
    await WebhookEvents(call.resources.db).redeliver(call.uuid("event"), call.caller.name)
    return to(f"{HERE}/{call.uuid('event')}?{DONE}=redelivered")
