"""What each function says of itself: `GET /<name>/openapi.json`, true of its routes and valid OpenAPI."""

import json
from typing import Any
from uuid import UUID

import pytest
from openapi_spec_validator import validate
from pydantic import BaseModel, Field

from shared import auth, identity, table
from shared.errors import ConflictError
from shared.openapi import document
from shared.resources import Resources
from shared.web import App, Call, Request, Response, answer
from tests.browser.serving import function
from tests.nightshift import settings


class Order(BaseModel):
    item: UUID
    pieces: int = Field(1, ge=1)


class Shown(BaseModel):
    limit: int = Field(10, le=50)
    color: str | None = None


shop = App("shop", params={"item": UUID})


@shop.route("GET", "/items/{item}", guard=auth.anyone, query=Shown)
async def show(_call: Call) -> Response:
    """One item.

    As it stands in the window.
    """
    return answer({})


@shop.route("POST", "/orders", guard=identity.user, body=Order, answers={201: Order}, raises=(ConflictError,))
async def buy(_call: Call) -> Response:
    """Buy something."""
    return answer({}, 201)


def operation(path: str, method: str) -> Any:
    return json.loads(json.dumps(document(shop)))["paths"][path][method]


@pytest.mark.parametrize("name", table.load())
async def test_every_function_describes_itself_without_a_key(name: str) -> None:
    resources = Resources(settings("postgresql://nobody@127.0.0.1:1/none"))
    answered = await function(name)(Request("GET", f"/{name}/openapi.json"), resources)
    assert (answered.status, answered.headers["content-type"]) == (200, "application/json")
    content = json.loads(answered.body)
    validate(content)
    assert len(content["paths"]) == len({route.template for route in function(name).routes})


def test_a_handler_s_docstring_is_its_summary() -> None:
    shown = operation("/shop/items/{item}", "get")
    assert (shown["summary"], shown["description"]) == ("One item.", "As it stands in the window.")


def test_parameters_are_typed_and_those_that_may_be_left_out_say_so() -> None:
    found = {one["name"]: one for one in operation("/shop/items/{item}", "get")["parameters"]}
    assert (found["item"]["in"], found["item"]["schema"]["format"]) == ("path", "uuid")
    assert (found["limit"]["required"], found["limit"]["schema"]["maximum"]) == (False, 50)
    assert found["color"]["schema"]["type"] == "string"


def test_the_statuses_are_those_that_can_happen() -> None:
    assert list(operation("/shop/items/{item}", "get")["responses"]) == ["404", "413", "422", "500", "503", "200"]
    bought = operation("/shop/orders", "post")["responses"]
    assert set(bought) == {"201", "400", "401", "409", "413", "422", "429", "500", "503"}
    assert bought["201"]["content"]["application/json"]["schema"]["$ref"].endswith("/Order")


def test_a_body_without_any_required_field_may_be_left_out() -> None:
    assert operation("/shop/orders", "post")["requestBody"]["required"] is True
    assert document(function("admin"))["paths"]["/admin/trigger-{task}"]["post"]["requestBody"]["required"] is False


def test_who_may_call_follows_from_the_guard() -> None:
    assert operation("/shop/items/{item}", "get")["security"] == []
    assert operation("/shop/orders", "post")["security"] == [{"userToken": []}]


@pytest.mark.parametrize("name", [name for name in table.load() if not table.lookup(name).schedules])
def test_every_route_of_an_api_has_a_summary(name: str) -> None:
    operations = [one for path in document(function(name))["paths"].values() for one in path.values()]
    assert all(one["summary"] for one in operations)
