"""An operator's browser without the browser: it keeps the cookie, follows redirects, fills in forms."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from functions.console.main import app
from shared.resources import Resources
from shared.web import Request, Response
from tests.nightshift import SERVICE_KEY

HOST = "127.0.0.1:8080"
BROWSER = {"accept": "text/html,application/xhtml+xml", "host": HOST, "sec-fetch-site": "same-origin"}
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


class Operator:
    """Calls as a browser makes them.

    Attributes:
        jar: the cookies that it was given.
    """

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.jar: dict[str, str] = {}
        self.csrf = ""

    async def get(self, place: str, **headers: str) -> Response:
        """One page; a redirect is followed."""
        answer = await self.send("GET", place, headers=headers)
        while answer.status == 303:
            answer = await self.send("GET", answer.headers["location"])
        return answer

    async def post(self, place: str, headers: Mapping[str, str] | None = None, **fields: Any) -> Response:
        """A form with this session's token; a redirect is not followed."""
        given = {"csrf": self.csrf, **fields}
        body = urlencode({name: value for name, value in given.items() if value is not None}).encode()
        return await self.send("POST", place, body, headers)

    async def sign_in(self, key: str = SERVICE_KEY, **fields: str) -> Response:
        answer = await self.post("/console/sign-in", None, csrf=None, key=key, **fields)
        if answer.status == 303:
            self.csrf = TOKEN.findall(text(await self.get("/console")))[0]
        return answer

    async def send(
        self, method: str, place: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Response:
        parts = urlsplit(place)
        cookies = {"cookie": "; ".join(f"{name}={value}" for name, value in self.jar.items())} if self.jar else {}
        given = {name: value for name, value in {**BROWSER, **cookies, **(headers or {})}.items() if value}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        answer = await app(Request(method, parts.path, given, query, body, remote="192.0.2.1"), self.resources)
        if kept := answer.headers.get("set-cookie"):
            name, _, value = kept.partition(";")[0].partition("=")
            self.jar = {name: value} if value else {}
        return answer


def text(answer: Response) -> str:
    return answer.body.decode()


def words(answer: Response) -> str:
    """What is read on a page, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text(answer))).split())


def older(page: str) -> str:
    """The address of the next page of a list; empty on the last one."""
    found = re.search(r'href="([^"]+)" rel="next"', page)
    return unescape(found[1]) if found else ""
