"""Take in what Stripe posts: verify, record, process; on failure queue, and still answer 200 (spec, section 5)."""

import time

from functions.stripe_webhook.budget import within
from shared.auth import anyone
from shared.entrypoint import entrypoint
from shared.errors import BadRequestError, UnavailableError
from shared.log import log
from shared.providers import stripe
from shared.stripe.intake import Intake, Recorded, reason
from shared.web import App, Call, Response, answer

MAX_BODY = 1 << 20  # bytes
PROCESS = (
    1.2  # seconds from the start until which an event must be kept and processed; the answer is due in under 2 ...
)
RECORD = 0.3  # ... seconds more, to keep what was not ...
QUEUE = 0.3  # ... and again, to queue what was kept and not processed

app = App("stripe-webhook", max_body=MAX_BODY)


@app.route("POST", "/", guard=anyone, raises=(BadRequestError,))
async def receive(call: Call) -> Response:
    """Answer Stripe; 400 and nothing kept for what Stripe did not sign, 503 for what could not be kept."""
    request, settings = call.request, call.resources.settings
    stripe.verify(request.body, request.headers.get("stripe-signature", ""), settings.stripe_webhook_secrets)
    event = stripe.read(request.body)
    started = time.monotonic()
    intake = Intake(call.resources.db, settings.webhook_retry_delays)
    verdict = await take(intake, event, request.body.decode())
    if verdict == "open":
        verdict = await process(intake, event, PROCESS - (time.monotonic() - started))
    return answer({"received": True, "status": verdict})


async def take(intake: Intake, event: stripe.Event, raw: str) -> str:
    """Keep an event and process it at once; where that fails it is kept at least, and queued."""
    try:
        return await intake.take(event, raw, PROCESS)
    except UnavailableError:
        raise
    except Exception as error:
        recorded = await record(intake, event, raw)
        return await failed(intake, event, error) if recorded.open else "duplicate"


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
        return await failed(intake, event, error)
    return "processed" if verdict == "processed" else "duplicate"


async def failed(intake: Intake, event: stripe.Event, error: Exception) -> str:
    """Queue an event that failed. If even that fails, its record is found a minute later and queued then."""
    log.warning("event failed", event=event.id, event_type=event.type, reason=reason(error))
    try:
        await within(QUEUE, intake.queue(event, error))
    except Exception as second:
        log.error("event could not be queued", cause=second, event=event.id)
    return "queued"


main, handler = entrypoint(app)
