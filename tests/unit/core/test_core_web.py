"""HTTP as functions see it: routes, bodies, problems (spec, section 11)."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from shared import auth
from shared.errors import ConflictError, NightshiftError, TooManyRequestsError
from shared.resources import Resources
from shared.settings import Model, load
from shared.web import App, Call, Request, Response, answer

app = App("shop", max_body=1000)


class Order(Model):
    item: UUID
    pieces: int = Field(1, ge=1)


@app.route("GET", "/", guard=auth.anyone)
async def index(_call: Call) -> Response:
    return answer({"items": []})


@app.route("GET", "/items/{item}", guard=auth.anyone)
async def show(call: Call) -> Response:
    return answer({"item": call.params["item"]})


@app.route("GET", "/orders/{order}", guard=auth.anyone)
async def order(call: Call) -> Response:
    return answer({"order": call.uuid("order")})


@app.route("POST", "/orders", guard=auth.anyone)
async def buy(call: Call) -> Response:
    return answer(call.request.parse(Order), 201)


@app.route("POST", "/raise/{what}", guard=auth.anyone)
async def fail(call: Call) -> Response:
    errors = {
        "typed": ConflictError("It is gone.", item="i-1"),
        "limited": TooManyRequestsError("Too fast.", retry_after=7),
        "unexpected": KeyError("ann@example.org"),
    }
    raise errors[call.params["what"]]


@pytest.fixture(scope="module")
def resources() -> Resources:
    return Resources(load({"LOG_LEVEL": "ERROR"}))


async def call(resources: Resources, method: str, path: str, body: Any = b"", **headers: str) -> Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await app(Request(method, path, headers, body=raw), resources)


def problem(response: Response) -> dict[str, Any]:
    """The problem document of an error's answer, checked against RFC 9457."""
    document: dict[str, Any] = json.loads(response.body)
    assert response.headers["content-type"] == "application/problem+json"
    assert document["status"] == response.status
    assert {"type", "title", "detail"} <= document.keys()
    return document


@pytest.mark.parametrize("path", ["/", "", "/shop", "/shop/", "/items/7", "/shop/items/7", "/items/7/"])
async def test_a_path_is_found_with_and_without_the_functions_name(resources: Resources, path: str) -> None:
    assert (await call(resources, "GET", path)).status == 200


@pytest.mark.parametrize("path", ["/nothing", "/items", "/items/7/8", "/shopping", "/shop/shop/items/7/8", "//x"])
async def test_a_path_that_is_not_there_is_a_404(resources: Resources, path: str) -> None:
    response = await call(resources, "GET", path)
    assert (response.status, problem(response)["title"]) == (404, "Not Found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"), [("POST", "/", "GET"), ("GET", "/orders", "POST"), ("DELETE", "/items/7", "GET")]
)
async def test_a_method_that_is_not_there_is_a_405_that_names_those_that_are(
    resources: Resources, method: str, path: str, allowed: str
) -> None:
    response = await call(resources, method, path)
    assert (response.status, response.headers["allow"]) == (405, allowed)
    problem(response)


async def test_head_answers_as_get_does(resources: Resources) -> None:
    get, head = [await call(resources, method, "/items/7") for method in ("GET", "HEAD")]
    assert (head.status, head.headers) == (get.status, get.headers)


async def test_a_parameter_arrives_decoded(resources: Resources) -> None:
    assert json.loads((await call(resources, "GET", "/items/a%2Fb%20c")).body) == {"item": "a/b c"}


async def test_an_id_that_is_none_names_nothing(resources: Resources) -> None:
    known = uuid4()
    assert json.loads((await call(resources, "GET", f"/orders/{known}")).body) == {"order": str(known)}
    assert (await call(resources, "GET", "/orders/7")).status == 404


def test_an_answer_writes_dates_ids_and_models_as_text() -> None:
    item = UUID(int=7)
    content = {"at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "id": item, "order": Order(item=item, pieces=1)}
    assert json.loads(answer(content).body) == {
        "at": "2026-01-02T03:04:05+00:00",
        "id": str(item),
        "order": {"item": str(item), "pieces": 1},
    }


async def test_a_body_is_validated(resources: Resources) -> None:
    item = str(uuid4())
    response = await call(resources, "POST", "/orders", {"item": item, "pieces": 2, "more": "ignored"})
    assert (response.status, json.loads(response.body)) == (201, {"item": item, "pieces": 2})


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 900], ids=["empty", "half", "no text", "deep"])
async def test_a_body_that_is_not_json_is_a_400(resources: Resources, body: bytes) -> None:
    response = await call(resources, "POST", "/orders", body)
    assert response.status == 400
    problem(response)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"item"}),
        ({"item": "ann@example.org", "pieces": 0}, {"item", "pieces"}),
        ([], {"body"}),
        (None, {"body"}),
        ("text", {"body"}),
    ],
)
async def test_a_body_that_is_wrong_is_a_422_that_names_each_field_and_repeats_no_value(
    resources: Resources, body: Any, fields: set[str]
) -> None:
    response = await call(resources, "POST", "/orders", body)
    assert response.status == 422
    assert {error["field"] for error in problem(response)["errors"]} == fields
    assert b"ann@example.org" not in response.body


@pytest.mark.parametrize(("size", "status"), [(1000, 400), (1001, 413)])
async def test_a_body_over_the_limit_is_a_413(resources: Resources, size: int, status: int) -> None:
    response = await call(resources, "POST", "/orders", b" " * size)
    assert response.status == status
    problem(response)


async def test_a_typed_error_says_what_it_has_to_say(resources: Resources) -> None:
    response = await call(resources, "POST", "/raise/typed")
    assert problem(response) == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "It is gone.",
        "item": "i-1",
    }


async def test_a_wait_is_a_header_too(resources: Resources) -> None:
    response = await call(resources, "POST", "/raise/limited")
    assert (response.status, response.headers["retry-after"]) == (429, "7")


async def test_an_unexpected_error_is_a_500_that_gives_nothing_away_but_its_request(
    resources: Resources, capsys: pytest.CaptureFixture[str]
) -> None:
    response = await call(resources, "POST", "/raise/unexpected", **{"x-request-id": "r-1"})
    line = json.loads(capsys.readouterr().out)
    assert (response.status, problem(response)["request_id"]) == (500, "r-1")
    assert (line["request_id"], line["function"], line["error_type"]) == ("r-1", "shop", "KeyError")
    assert b"ann@example.org" not in response.body


async def test_a_long_request_id_is_cut(resources: Resources) -> None:
    response = await call(resources, "POST", "/raise/unexpected", **{"x-request-id": "r" * 1000})
    assert len(problem(response)["request_id"]) == 64


@given(path=st.text(max_size=60), method=st.sampled_from(["GET", "HEAD", "PUT", "PATCH", "OPTIONS", "X"]))
async def test_whatever_comes_is_answered(resources: Resources, path: str, method: str) -> None:
    assert (await call(resources, method, path)).status in {200, 404, 405}


@given(body=st.binary(max_size=1100))
async def test_whatever_body_comes_is_answered(resources: Resources, body: bytes) -> None:
    assert (await call(resources, "POST", "/orders", body)).status in {201, 400, 413, 422}


def test_every_error_is_a_problem_of_its_own_status() -> None:
    def below(kind: type[NightshiftError]) -> list[type[NightshiftError]]:
        return [kind, *(one for child in kind.__subclasses__() for one in below(child))]

    for kind in below(NightshiftError):
        document = kind("It failed.", hint="h").problem()
        assert document["status"] == kind.status
        assert (document["detail"], document["hint"]) == ("It failed.", "h")
