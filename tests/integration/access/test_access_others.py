"""A player reaches nothing of another player's, by any route (spec, section 10)."""

import json

import pytest

from shared import identity, table
from shared.resources import Resources
from shared.web import Request, Response, Route
from tests import players
from tests.browser.serving import function
from tests.integration.access.others import (
    SECRET_WORDS,
    World,
    attempt,
    changes,
    everything,
    named,
    path,
    routes,
)
from tests.nightshift import Connection

ROUTES = routes()


async def tried(name: str, route: Route, resources: Resources, world: World) -> tuple[Request, Response]:
    body = json.dumps(attempt(name, route).body(world)).encode() if route.body else b""
    request = Request(route.method, path(name, route, world), players.bearer(world.stranger), body=body)
    return request, await function(name)(request, resources)


@pytest.mark.parametrize("found", ROUTES, ids=named)
async def test_with_what_is_anothers_a_route_refuses_or_answers_nothing_of_theirs(
    found: tuple[str, Route], resources: Resources, world: World
) -> None:
    name, route = found
    request, response = await tried(name, route, resources, world)
    asked_by_id = bool(route.pattern.groupindex)
    accepted = attempt(name, route).refused if asked_by_id else {*attempt(name, route).refused, 200, 201, 202}
    assert response.status in accepted
    said, sent = response.body.decode(), f"{request.path} {request.body.decode()}"
    assert SECRET_WORDS not in said
    assert [
        key for key, value in world.ids.items() if key != "item" and str(value) in said and str(value) not in sent
    ] == []


@pytest.mark.parametrize("found", ROUTES, ids=named)
async def test_with_what_is_anothers_a_route_changes_nothing(
    found: tuple[str, Route], resources: Resources, world: World, conn: Connection
) -> None:
    name, route = found
    before = await everything(conn)
    await tried(name, route, resources, world)
    changed = changes(before, await everything(conn))
    assert changed.keys() <= attempt(name, route).adds
    for gone, came in changed.values():
        assert gone == set()
        assert all(str(world.stranger) in row for row in came)


@pytest.mark.parametrize("found", [each for each in ROUTES if each[1].pattern.groupindex], ids=named)
async def test_the_same_call_reaches_the_owners_own(
    found: tuple[str, Route], resources: Resources, world: World
) -> None:
    """The ids are right: without this, a refusal would show nothing."""
    name, route = found
    body = json.dumps(attempt(name, route).body(world)).encode() if route.body else b""
    at = path(name, route, world).replace(str(world.owner), str(world.ids["friend"]))
    request = Request(route.method, at, players.bearer(world.owner), body=body)
    assert (await function(name)(request, resources)).status in {200, 201, 204}


@pytest.mark.parametrize(
    "found",
    [(name, route) for name in table.load() for route in function(name).routes if route.guard is identity.admin],
    ids=named,
)
async def test_a_players_token_opens_nothing_that_is_for_admins(
    found: tuple[str, Route], resources: Resources, world: World, conn: Connection
) -> None:
    name, route = found
    at = f"/{name}" + route.template.format(**dict.fromkeys(route.pattern.groupindex, "anything"))
    before = await everything(conn)
    response = await function(name)(Request(route.method, at, players.bearer(world.stranger)), resources)
    assert (response.status, changes(before, await everything(conn))) == (403, {})
