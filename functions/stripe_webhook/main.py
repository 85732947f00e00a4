"""Take in what Stripe posts: verify, record, process; on failure queue, and still answer 200 (spec, section 5)."""

import time

from functions.stripe_webhook.budget import within
from shared.auth import anyone
from shared.entrypoint import entrypoint
from shared.errors import UnavailableError
from shared.log import log
from shared.providers import stripe
from shared.stripe.intake import Intake, Recorded, reason
from shared.web import App, Call, Response, answer

MAX_BODY = 1 << 20  # bytes
RECORD = 1.0  # seconds until which an event must be kept ...
PROCESS = 1.5  # ... and processed, both from the start; the answer is due in under 2
QUEUE = 0.3  # seconds more, to queue what was not

app = App("stripe-webhook", max_body=MAX_BODY)


@app.route("POST", "/", guard=anyone)
async def receive(call: Call) -> Response:
    """Answer Stripe; 400 and nothing kept for what Stripe did not sign, 503 for what could not be kept."""
    request, settings = call.request, call.resources.settings
    stripe.verify(request.body, request.headers.get("stripe-signature", ""), settings.stripe_webhook_secrets)
    event = stripe.read(request.body)
    started = time.monotonic()
    intake = Intake(call.resources.db, settings.webhook_retry_delays)
    recorded = await record(intake, event, request.body.decode())
    if recorded.open:
        return acknowledged(await process(intake, event, PROCESS - (time.monotonic() - started)))
    return acknowledged("ignored" if recorded.new else "duplicate")


async def record(intake: Intake, event: stripe.Event, raw: str) -> Recorded:
    try:
        return await within(RECORD, intake.record(event, raw))
    except TimeoutError:
        raise UnavailableError("The event could not be kept in time. Send it again.", retry_after=5) from None


async def process(intake: Intake, event: stripe.Event, seconds: float) -> str:
    """Apply an event that is safely recorded; whatever goes wrong, it is left for process-webhook-retries."""
    try:
        verdict = await within(seconds, intake.apply(event))
    except Exception as error:
        log.warning("event failed", event=event.id, event_type=event.type, reason=reason(error))
        await queue(intake, event, error)
        return "queued"
    return "processed" if verdict == "processed" else "duplicate"


async def queue(intake: Intake, event: stripe.Event, error: Exception) -> None:
    """Queue a failed event. If even that fails, its record is found a minute later and queued then."""
    try:
        await within(QUEUE, intake.queue(event, error))
    except Exception as second:
        log.error("event could not be queued", cause=second, event=event.id)


def acknowledged(status: str) -> Response:
    return answer({"received": True, "status": status})


main, handler = entrypoint(app)
