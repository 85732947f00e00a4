"""`nightshift token`: tokens that the functions take, for people who have no other way in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner, Result

from infra.cli import app
from shared.resources import Resources
from shared.tokens import verify_user
from tests import players
from tests.nightshift import Connection

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def command(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `nightshift token …`; answers its exit status and its output."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("NIGHTSHIFT_HOME", str(tmp_path))
    monkeypatch.setenv("JWT_SECRET", players.SECRET)
    monkeypatch.setenv("FUNCTIONS_BASE_URL", "http://127.0.0.1:8080")
    monkeypatch.delenv("JWKS_URL", raising=False)

    async def run(*arguments: object) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, ["token", *map(str, arguments)])

    return run


@pytest.fixture
async def resources(database_url: str) -> AsyncIterator[Resources]:
    made = players.resources(database_url)
    yield made
    await made.close()


async def test_a_token_of_an_id_is_taken_by_the_functions(command: Run, resources: Resources) -> None:
    user = uuid4()
    claims = await verify_user((await command(user)).stdout.strip(), resources)
    assert (claims["sub"], claims["exp"] - claims["iat"]) == (str(user), 8 * 3600)
    assert "user_role" not in claims


async def test_a_username_is_looked_up(command: Run, resources: Resources, conn: Connection) -> None:
    cursor = await conn.execute("insert into users (username) values ('mira') returning id")
    user = UUID(str((await cursor.fetchone() or {})["id"]))
    claims = await verify_user((await command("mira")).stdout.strip(), resources)
    assert claims["sub"] == str(user)


async def test_an_admin_has_the_role_and_the_hours_that_are_asked_for(command: Run, resources: Resources) -> None:
    claims = await verify_user((await command(uuid4(), "--admin", "--hours", "0.5")).stdout.strip(), resources)
    assert (claims["user_role"], claims["exp"] - claims["iat"]) == ("admin", 1800)


async def test_a_link_leads_to_the_portal_with_the_token_behind_its_hash(command: Run, resources: Resources) -> None:
    page, _, token = (await command(uuid4(), "--link")).stdout.strip().partition("#token=")
    assert page == "http://127.0.0.1:8080/portal"
    assert (await verify_user(token, resources))["aud"] == "authenticated"


async def test_a_username_that_nobody_has_is_told(command: Run) -> None:
    found = await command("nobody")
    assert (found.exit_code, "No user has the username 'nobody'" in found.output) == (1, True)


async def test_without_a_secret_the_answer_says_who_gives_tokens_out(
    command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JWT_SECRET")
    found = await command(uuid4())
    assert (found.exit_code, "JWT_SECRET is not set" in found.output) == (1, True)
