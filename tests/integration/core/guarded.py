"""An app whose paths ask who calls, each in another way."""

import time
from typing import Any

from shared import auth, identity
from shared.resources import Resources
from shared.web import App, Call, Request, Response, answer

app = App("guarded")


@app.route("POST", "/key", guard=auth.service_key)
async def with_key(_call: Call) -> Response:
    return answer({})


@app.route("POST", "/tick", guard=auth.scheduler)
async def with_token(_call: Call) -> Response:
    return answer({})


@app.route("POST", "/open", guard=auth.anyone)
async def without(_call: Call) -> Response:
    return answer({})


@app.route("POST", "/player", guard=identity.user)
async def for_players(call: Call) -> Response:
    return answer({"user": call.user, "name": call.caller.name})


@app.route("POST", "/operator", guard=identity.admin)
async def for_admins(call: Call) -> Response:
    return answer({"name": call.caller.name})


class Clock:
    def __init__(self) -> None:
        self.now = time.monotonic()

    def __call__(self) -> float:
        return self.now


async def call(resources: Resources, path: str, header: str | None, remote: str = "10.0.0.1", **given: Any) -> Response:
    headers = {} if header is None else {"authorization": header}
    return await app(Request("POST", path, headers, remote=remote, **given), resources)
