"""How the console's pages are made: what they show stays readable while the database is away, then without acts."""

import hashlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from functions.console.notices import NOTICES
from functions.console.session import Operator
from shared.db import Session
from shared.errors import NightshiftError
from shared.last_good import Known
from shared.pages.site import Site
from shared.pages.words import FILTERS
from shared.web import Call, Request, Response, problem

WITHIN = 1.5  # seconds for a statement of a page ...
PATIENCE = 2.0  # ... and for all of a question, with the way there
SECTIONS = {  # the navigation
    "Overview": "/console",
    "Queues": "/console/queues",
    "Runs": "/console/runs",
    "Webhooks": "/console/webhooks",
    "Suppressions": "/console/suppressions",
    "Analytics": "/console/analytics",
    "Audit": "/console/audit",
}
FRAGMENT = "x-fragment"  # the header of a request for the live part of a page alone
DONE = "done"  # the parameter that says what an act has just done
SITE = Site("console", Path(__file__).parent, FILTERS)
T = TypeVar("T")
Trail = tuple[tuple[str, str], ...]  # names and addresses of the pages above this one


async def read(call: Call, question: str, ask: Callable[[Session], Awaitable[T]]) -> Known[T]:
    """Ask the database within bounds; the last good answer where it does not say.

    Args:
        question: its name, unique on this page. The page's address tells it from those of others.
        ask: the question; what it returns must be fit to be shown.

    Raises:
        UnavailableError: there is no answer, and there has been none.
    """

    async def bounded() -> T:
        async with call.resources.db.bounded(WITHIN) as db:
            return await ask(db)

    return await call.resources.last_good.ask(f"{address(call.request)} {question}", bounded, within=PATIENCE)


def show(
    call: Call,
    template: str,
    *,
    title: str,
    section: str,
    known: tuple[Known[Any], ...] = (),
    trail: Trail = (),
    status: int = 200,
    **values: Any,
) -> Response:
    """A page, or its live part alone where that is asked for.

    Args:
        known: what it shows of the database; if any of it is not of now, the page says so and no act can be chosen.
        trail: the pages above this one.
    """
    live = FRAGMENT in call.request.headers
    old = min((one for one in known if one.why), key=lambda one: one.at, default=None)
    made = SITE.page(
        template,
        status,
        layout="fragment.html" if live else "console.html",
        title=title,
        section=section,
        sections=SECTIONS,
        trail=trail,
        old=old,
        operator=call.caller,
        csrf=call.caller.csrf if isinstance(call.caller, Operator) else "",
        environment=call.resources.settings.environment_name or call.request.headers.get("host", ""),
        here=address(call.request),
        renewed=call.request.method == "GET",
        query=defaultdict(str, call.request.query),
        done=NOTICES.get(call.request.query.get(DONE, "")),
        **values,
    )
    return tagged(call.request, made) if live else made


def tagged(request: Request, made: Response) -> Response:
    """304 to whoever has this very answer."""
    tag = f'"{hashlib.sha256(made.body).hexdigest()[:16]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(304, b"", {"etag": tag, "cache-control": "no-store"})
    return Response(made.status, made.body, {**made.headers, "etag": tag})


def to(place: str, headers: Mapping[str, str] | None = None) -> Response:
    """Go on to another page, with GET."""
    return Response(303, b"", {"location": place, "cache-control": "no-store", **(headers or {})})


def address(request: Request) -> str:
    """The path and the query of a request, as one address; what has just been done there is no part of it."""
    query = urlencode(sorted((name, value) for name, value in request.query.items() if name != DONE))
    return f"{request.path}?{query}" if query else request.path


def refusal(request: Request, error: NightshiftError) -> Response:
    """An error as its reader can read it: a page for people, who are first asked to sign in if they are not."""
    if FRAGMENT in request.headers or "text/html" not in request.headers.get("accept", ""):
        return problem(error)
    if error.status == HTTPStatus.UNAUTHORIZED:
        return to(f"/console/sign-in?next={quote(origin_of(request), safe='/')}")
    extra = {name: str(error.extra[name]) for name in ("allow",) if name in error.extra}
    wait = {"retry-after": str(error.extra["retry_after"])} if "retry_after" in error.extra else {}
    title = HTTPStatus(error.status).phrase
    return SITE.page("error.html", error.status, {**extra, **wait}, title=title, error=error)


def origin_of(request: Request) -> str:
    """The page that somebody wanted, or stood on when they sent a form."""
    if request.method in ("GET", "HEAD"):
        return address(request)
    came = urlsplit(request.headers.get("referer", ""))
    return f"{came.path}?{came.query}" if came.query else came.path or "/console"
