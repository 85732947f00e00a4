"""Take in what mail providers tell of mails that they took: verify, remember, and write to nobody in vain again."""

from functions.mail_events.topic import receive
from shared.auth import anyone, the_cloud
from shared.entrypoint import entrypoint
from shared.errors import BadRequestError, ForbiddenError
from shared.providers import resend_notices, sns, sns_signature
from shared.repositories.notices import take
from shared.web import App, Call, Response, answer

REFUSALS = (BadRequestError, ForbiddenError)  # not signed, or another topic's

app = App("mail-events")


@app.route("POST", "/ses", guard=anyone, raises=REFUSALS)
async def ses(call: Call) -> Response:
    """Answer Amazon SNS: 403 to another topic than ours, 400 to what SNS did not sign, 503 to what must come again."""
    message, resources = sns.posted(call.request.body), call.resources
    sns.pinned(message, resources.settings.ses_topic_arn)
    await sns_signature.verify(message, resources.http)
    return answer({"status": await receive(resources, message)})


@app.route("POST", "/", guard=the_cloud, raises=REFUSALS)
async def ses_direct(call: Call) -> Response:
    """The same where SNS invokes the Lambda itself: the function's permission says who may, so nothing is signed."""
    messages, resources = sns.delivered(call.request.body), call.resources
    for message in messages:
        sns.pinned(message, resources.settings.ses_topic_arn)
    return answer({"statuses": [await receive(resources, message) for message in messages]})


@app.route("POST", "/resend", guard=anyone, raises=REFUSALS)
async def resend(call: Call) -> Response:
    """Answer Resend; 400 to what it did not sign, 503 to what must come again."""
    request, resources = call.request, call.resources
    identifier = resend_notices.verify(request.body, request.headers, resources.settings.resend_webhook_secrets)
    notice = resend_notices.notice(request.body, identifier)
    return answer({"status": await take(resources.db, notice) if notice else "ignored"})


main, handler = entrypoint(app)
