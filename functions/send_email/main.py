"""Take an email in: validate it, put it into the queue, answer 202. Sending is process-email-queue's work."""

from functions.send_email.message import Message
from shared import auth, web
from shared.entrypoint import entrypoint
from shared.idempotency import key_of
from shared.repositories import emails

app = web.App("send-email")


@app.route("POST", "/", guard=auth.service_key, body=Message, answers={202: None})
async def enqueue(call: web.Call) -> web.Response:
    """Put an email into the queue; one with an idempotency key that is known already is not put there twice."""
    message = call.request.parse(Message)
    key = key_of(call.request, message.idempotency_key)
    email, created = await emails.enqueue(call.resources.db, message.request(), idempotency_key=key)
    status = "pending" if created else await emails.status(call.resources.db, email)
    return web.answer({"id": email, "status": status, "duplicate": not created}, 202)


main, handler = entrypoint(app)
