"""The mailbox in a browser, and as JSON for programs."""

from datetime import datetime
from pathlib import Path

import jinja2
from aiohttp import web

from infra.local.twins.admin import number
from infra.local.twins.mailbox import Mailbox, Message

PAGE = 50  # messages on one page of the list

# Nothing may be loaded or run; a message's own HTML is framed, from a page that forbids the same once more.
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'"
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
)

TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters["moment"] = lambda iso: f"{datetime.fromisoformat(iso):%d %b %H:%M:%S}"


def routes(mailbox: Mailbox) -> list[web.RouteDef]:
    async def listed(request: web.Request) -> web.Response:
        query = request.query.get("q", "")
        found = matching(mailbox, query)
        page = max(1, number(request, "page", 1))
        shown = found[(page - 1) * PAGE : page * PAGE]
        more = len(found) > page * PAGE
        return html("mailbox.html", messages=shown, total=len(found), query=query, page=page, more=more)

    async def as_json(request: web.Request) -> web.Response:
        found = matching(mailbox, request.query.get("q", ""))
        return web.json_response({"messages": [message.public() for message in found]})

    async def one(request: web.Request) -> web.Response:
        return html("message.html", message=wanted(mailbox, request))

    async def framed(request: web.Request) -> web.Response:
        body = wanted(mailbox, request).html
        return web.Response(text=body, content_type="text/html", headers={"Content-Security-Policy": MAIL_POLICY})

    async def raw(request: web.Request) -> web.Response:
        message = wanted(mailbox, request)
        headers = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=message.raw.encode("latin-1"), headers=headers)

    path = r"/messages/{id:\d{1,9}}"
    return [
        web.get("/", listed),
        web.get("/messages.json", as_json),
        web.get(path, one),
        web.get(f"{path}/html", framed),
        web.get(f"{path}/raw", raw),
    ]


def matching(mailbox: Mailbox, query: str) -> list[Message]:
    """Newest first; the words are looked for in the addresses and the subject."""
    needle = query.casefold()
    return [m for m in mailbox.newest() if needle in " ".join((*m.recipients, m.subject)).casefold()]


def wanted(mailbox: Mailbox, request: web.Request) -> Message:
    message = mailbox.find(int(request.match_info["id"]))
    if message is None:
        raise web.HTTPNotFound(text="There is no such message (any more).\n")
    return message


def html(template: str, **values: object) -> web.Response:
    text = TEMPLATES.get_template(template).render(**values)
    headers = {"Content-Security-Policy": PAGE_POLICY, "Referrer-Policy": "no-referrer"}
    return web.Response(text=text, content_type="text/html", headers=headers)
