"""The web page that operators look at, by day and when something wakes them at night."""

from functions.console import analytics, overview, sign_in
from functions.console.page import SITE, refusal
from functions.console.session import acting, signed_in
from shared import auth
from shared.entrypoint import entrypoint
from shared.web import App, Call, Response

PAGES = (
    ("/", overview.page),
    ("/analytics", analytics.page),
    ("/analytics/{view}", analytics.one),
    ("/analytics/{view}/table", analytics.download),
)
ACTS = (("/sign-out", sign_in.leave),)

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
