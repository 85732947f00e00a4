"""The web page that operators look at, by day and when something wakes them at night."""

from functions.console import (
    analytics,
    audit,
    letters,
    overview,
    queues,
    rows,
    runs,
    sign_in,
    suppressions,
    tasks,
    webhooks,
)
from functions.console.page import SITE, refusal
from functions.console.session import acting, signed_in
from shared import auth
from shared.entrypoint import entrypoint
from shared.web import App, Call, Response

PAGES = (
    ("/", overview.page),
    ("/tasks/{task}", tasks.page),
    ("/queues", queues.page),
    ("/queues/{queue}", queues.one),
    ("/queues/{queue}/rows", rows.page),
    ("/queues/{queue}/rows/{row}", rows.one),
    ("/queues/{queue}/dead-letters", letters.page),
    ("/queues/{queue}/dead-letters/preview", letters.preview),
    ("/queues/{queue}/waves/{wave}", letters.wave),
    ("/runs", runs.page),
    ("/runs/{run}", runs.one),
    ("/webhooks", webhooks.page),
    ("/webhooks/{event}", webhooks.one),
    ("/suppressions", suppressions.page),
    ("/audit", audit.page),
    ("/analytics", analytics.page),
    ("/analytics/{view}", analytics.one),
    ("/analytics/{view}/table", analytics.download),
)
ACTS = (
    ("/sign-out", sign_in.leave),
    ("/tasks/{task}/run", tasks.run),
    ("/analytics/refresh", analytics.refresh),
    ("/queues/{queue}/pause", queues.pause),
    ("/queues/{queue}/resume", queues.resume),
    ("/queues/{queue}/search", rows.by_form),
    ("/queues/{queue}/rows/{row}/content", rows.reveal),
    ("/queues/{queue}/rows/{row}/requeue", rows.requeue),
    ("/queues/{queue}/rows/{row}/discard", rows.discard),
    ("/queues/{queue}/rows/{row}/restore", rows.restore),
    ("/queues/{queue}/requeue", letters.requeue),
    ("/queues/{queue}/discard", letters.discard),
    ("/queues/{queue}/restore", letters.restore),
    ("/queues/{queue}/waves/{wave}/stop", letters.stop),
    ("/webhooks/{event}/body", webhooks.reveal),
    ("/webhooks/{event}/redeliver", webhooks.redeliver),
    ("/suppressions", suppressions.add),
    ("/suppressions/look-up", suppressions.look_up),
    ("/suppressions/{entry}/remove", suppressions.remove),
)

app = App("console", refusal=refusal)
for template, handler_of_route in PAGES:
    app.route("GET", template, guard=signed_in)(handler_of_route)
for template, handler_of_route in ACTS:
    app.route("POST", template, guard=acting)(handler_of_route)
app.route("GET", "/sign-in", guard=auth.anyone)(sign_in.page)
app.route("POST", "/sign-in", guard=auth.anyone)(sign_in.enter)


@app.route("GET", "/assets/{name}", guard=auth.anyone)
async def asset(call: Call) -> Response:
    """A static file of the pages."""
    return SITE.asset(call.request, call.params["name"])


main, handler = entrypoint(app)
