"""Signing in: who gets in, what is set, what turns people away."""

import base64
import json
import re
import time

import jwt
import pytest

from functions.console import session
from shared.auth import holder
from shared.resources import Resources
from shared.web import Caller, Request
from tests import nightshift
from tests.integration.console.operating import HOST, Operator, text, words
from tests.players import SECRET as TOKENS

USER = "0198f3a0-0000-7000-8000-000000000001"


def token(**claims: object) -> str:
    return jwt.encode({"sub": USER, "aud": "authenticated", "exp": int(time.time()) + 60, **claims}, TOKENS, "HS256")


async def test_a_page_leads_whoever_is_not_signed_in_to_the_sign_in_page_and_back(stranger: Operator) -> None:
    answer = await stranger.send("GET", "/console?shown=failed")
    assert (answer.status, answer.headers["location"]) == (
        303,
        "/console/sign-in?next=/console%3Fshown%3Dfailed",
    )
    asked = text(await stranger.get("/console?shown=failed"))
    assert 'name="next" value="/console?shown=failed"' in asked
    entered = await stranger.sign_in(next="/console?shown=failed")
    assert (entered.status, entered.headers["location"]) == (303, "/console?shown=failed")


async def test_a_live_part_is_refused_to_whoever_is_not_signed_in(stranger: Operator) -> None:
    answer = await stranger.send("GET", "/console", headers={"x-fragment": "live"})
    assert answer.status == 401


async def test_the_cookie_is_for_this_browser_and_the_console_alone(stranger: Operator) -> None:
    kept = (await stranger.sign_in()).headers["set-cookie"]
    assert kept.endswith("; Path=/console; Max-Age=28800; HttpOnly; SameSite=Strict")
    assert nightshift.SERVICE_KEY not in kept
    content = json.loads(base64.urlsafe_b64decode(stranger.jar[session.COOKIE].partition(".")[0]))
    assert set(content) == {"id", "actor", "user", "until"}
    assert nightshift.SERVICE_KEY not in json.dumps(content)


@pytest.mark.parametrize("host", ["console.example.com", "console.example.com:8443", "127.0.0.1.example.com"])
async def test_away_from_this_machine_the_cookie_goes_over_tls_alone(stranger: Operator, host: str) -> None:
    answer = await stranger.post("/console/sign-in", {"host": host}, csrf=None, key=nightshift.SERVICE_KEY)
    assert answer.headers["set-cookie"].endswith("; Secure")


@pytest.mark.parametrize("host", [HOST, "127.0.0.1", "localhost:8080", "localhost", "[::1]:8080", "[::1]"])
async def test_on_this_machine_the_cookie_needs_no_tls(stranger: Operator, host: str) -> None:
    answer = await stranger.post("/console/sign-in", {"host": host}, csrf=None, key=nightshift.SERVICE_KEY)
    assert "Secure" not in answer.headers["set-cookie"]


async def test_an_admin_s_token_opens_and_names_its_user(stranger: Operator) -> None:
    assert (await stranger.sign_in(token(user_role="admin"))).status == 303
    assert f"admin {USER}" in words(await stranger.get("/console"))


async def test_a_player_s_token_does_not_open(stranger: Operator) -> None:
    answer = await stranger.sign_in(token())
    assert (answer.status, stranger.jar) == (403, {})
    assert "the token needs the role `admin`" in words(answer)


async def test_a_wrong_key_is_told_so_and_locked_out_after_ten_tries(stranger: Operator) -> None:
    answers = [await stranger.sign_in(f"wrong-{number}") for number in range(12)]
    assert [answer.status for answer in answers] == [401] * 10 + [429] * 2
    assert "This key is not known." in words(answers[0])
    assert "Too many wrong keys from this address." in words(answers[-1])
    assert int(answers[-1].headers["retry-after"]) > 0
    assert "wrong-0" not in text(answers[0])


async def test_a_right_key_opens_from_an_address_that_is_locked_out(stranger: Operator) -> None:
    for number in range(12):
        await stranger.sign_in(f"wrong-{number}")
    assert (await stranger.sign_in()).status == 303


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/",
        "//evil.example/console",
        "/\\evil.example",
        "/console\\@evil.example",
        "/console/../admin",
        "/console//evil.example",
        "/consoles",
        "javascript:alert(1)",
        "/console\r\nset-cookie: a=b",
        "",
    ],
)
async def test_the_way_back_never_leads_elsewhere(stranger: Operator, place: str) -> None:
    entered = await stranger.sign_in(next=place)
    assert (entered.status, entered.headers["location"]) == (303, "/console")


async def test_a_link_from_another_site_is_looked_at_once_more_with_the_cookie(operator: Operator) -> None:
    jar, operator.jar = operator.jar, {}
    asked = await operator.send("GET", "/console/sign-in?next=/console/runs", headers={"sec-fetch-site": "cross-site"})
    assert '<meta http-equiv="refresh" content="0">' in text(asked)
    operator.jar = jar
    again = await operator.send("GET", "/console/sign-in?next=/console/runs")
    assert (again.status, again.headers["location"]) == (303, "/console/runs")


async def test_signing_out_ends_the_session_of_this_browser(operator: Operator) -> None:
    answer = await operator.post("/console/sign-out")
    assert (answer.status, operator.jar) == (303, {})
    assert (await operator.send("GET", "/console")).status == 303


def changed(value: str) -> list[str]:
    content, _, signature = value.partition(".")
    other = json.loads(base64.urlsafe_b64decode(content)) | {"actor": "service key 00000000"}
    forged = base64.urlsafe_b64encode(json.dumps(other).encode()).decode()
    return [f"{forged}.{signature}", f"{content}.", content, f"{content}.{'0' * 64}", f".{signature}", ".", "é.é"]


async def test_a_session_that_was_tampered_with_opens_nothing(operator: Operator) -> None:
    for value in changed(operator.jar[session.COOKIE]):
        operator.jar = {session.COOKIE: value}
        assert (await operator.send("GET", "/console")).status == 303


async def test_a_session_ends_after_eight_hours(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "LIFE", -session.LIFE)
    await operator.post("/console/sign-in", csrf=None, key=nightshift.SERVICE_KEY)
    assert (await operator.send("GET", "/console")).headers["location"].startswith("/console/sign-in")


async def test_a_session_ends_with_the_token_that_opened_it(stranger: Operator) -> None:
    lasting = await stranger.post("/console/sign-in", csrf=None, key=token(user_role="admin"))
    assert 0 < int(re.findall(r"Max-Age=(\d+)", lasting.headers["set-cookie"])[0]) <= 60
    barely = token(user_role="admin", exp=int(time.time()) - 5)  # clocks differ, so it is still accepted
    await stranger.post("/console/sign-in", csrf=None, key=barely)
    assert (await stranger.send("GET", "/console")).headers["location"].startswith("/console/sign-in")


def begun(caller: Caller, **settings: object) -> str:
    made = session.begun(caller, Request("POST", "/"), nightshift.settings("postgresql://", **settings))
    return made.partition(";")[0].partition("=")[2]


def still(value: str, **settings: object) -> bool:
    return session.opened(value, nightshift.settings("postgresql://", **settings)) is not None


def test_a_session_outlives_the_rotation_of_keys_and_ends_with_its_own_key() -> None:
    first, second = begun(holder("key-1"), service_keys="key-1"), begun(holder("key-2"), service_keys="key-1,key-2")
    assert still(first, service_keys="key-2,key-1")
    assert still(second, service_keys="key-2,key-1")
    assert not still(first, service_keys="key-2")
    assert still(second, service_keys="key-2")


def test_a_session_ends_with_the_secret_of_tokens() -> None:
    value = begun(Caller("admin x"), service_keys="key-1", jwt_secret="one")
    assert still(value, service_keys="key-1", jwt_secret="one")
    assert not still(value, service_keys="key-1", jwt_secret="two")


async def test_the_database_need_not_be_there_to_sign_in(stranger: Operator) -> None:
    away = Resources(nightshift.settings("postgresql://postgres@127.0.0.1:1/none"))
    stranger.resources = away
    entered = await stranger.post("/console/sign-in", csrf=None, key=nightshift.SERVICE_KEY)
    assert (entered.status, session.COOKIE in stranger.jar) == (303, True)
    await away.close()
