"""Who may call: keys and lock-outs (spec, section 10)."""

import hmac
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from shared import auth
from shared.resources import Resources
from tests import nightshift
from tests.integration.core.guarded import Clock, call
from tests.nightshift import SERVICE_KEY

pytestmark = pytest.mark.usefixtures("nobody_is_locked_out")
OTHER_KEY = "another-key-of-thirty-two-letters"


@pytest.fixture
async def keyed(database_url: str) -> AsyncIterator[Resources]:
    """Two active keys, as while one is replaced by the other."""
    made = Resources(nightshift.settings(database_url, service_keys=f"{SERVICE_KEY}, {OTHER_KEY}"))
    yield made
    await made.close()


@pytest.mark.parametrize("path", ["/key", "/tick"])
@pytest.mark.parametrize("key", [SERVICE_KEY, OTHER_KEY])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_each_active_key_opens(keyed: Resources, path: str, key: str, scheme: str) -> None:
    assert (await call(keyed, path, f"{scheme} {key}")).status == 200


@pytest.mark.parametrize("path", ["/key", "/tick"])
@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer  ",
        "Bearer wrong",
        f"Basic {SERVICE_KEY}",
        SERVICE_KEY,
        f"Bearer {SERVICE_KEY}x",
        f"Bearer {SERVICE_KEY[:-1]}",
        f"Bearer {SERVICE_KEY},{OTHER_KEY}",
        "Bearer sch\u00fcssel",
    ],
)
async def test_nothing_else_does(keyed: Resources, path: str, header: str | None) -> None:
    response = await call(keyed, path, header)
    assert (response.status, response.headers["content-type"]) == (401, "application/problem+json")
    assert SERVICE_KEY.encode() not in response.body


async def test_without_keys_nobody_gets_in(database_url: str) -> None:
    made = Resources(nightshift.settings(database_url, service_keys=""))
    assert (await call(made, "/key", "Bearer x")).status == 401
    await made.close()


async def test_an_open_path_asks_nobody(keyed: Resources) -> None:
    assert (await call(keyed, "/open", None)).status == 200


async def test_the_clouds_own_identity_is_enough(keyed: Resources) -> None:
    assert (await call(keyed, "/key", None, trusted=True)).status == 200
    assert (await call(keyed, "/tick", None, trusted=True)).status == 200


@pytest.mark.parametrize("key", [SERVICE_KEY, OTHER_KEY, "wrong"])
async def test_every_key_is_compared_in_constant_time_whichever_matches(
    keyed: Resources, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    compared: list[bytes] = []

    def compare(given: bytes, known: bytes) -> bool:
        compared.append(known)
        return hmac.compare_digest(given, known)

    monkeypatch.setattr("shared.auth.hmac", SimpleNamespace(compare_digest=compare))
    await call(keyed, "/key", f"Bearer {key}")
    assert compared == [SERVICE_KEY.encode(), OTHER_KEY.encode()]


async def test_too_many_wrong_keys_lock_an_address_out(keyed: Resources) -> None:
    statuses = [(await call(keyed, "/key", "Bearer wrong")).status for _ in range(auth.FAILURES + 2)]
    locked = await call(keyed, "/key", "Bearer another")
    assert statuses == [401] * auth.FAILURES + [429] * 2
    assert locked.status == 429
    assert 0 < int(locked.headers["retry-after"]) <= auth.WINDOW + 1
    assert (await call(keyed, "/key", "Bearer wrong", remote="10.0.0.2")).status == 401


async def test_who_guesses_keys_does_not_stop_who_knows_one(keyed: Resources) -> None:
    for _ in range(auth.FAILURES + 1):
        await call(keyed, "/key", "Bearer wrong")
    assert (await call(keyed, "/key", f"Bearer {SERVICE_KEY}")).status == 200


async def test_a_refusal_says_how_to_ask(keyed: Resources) -> None:
    assert (await call(keyed, "/key", "Bearer wrong")).headers["www-authenticate"] == "Bearer"


async def test_a_lock_out_ends(keyed: Resources, clock: Clock) -> None:
    for _ in range(auth.FAILURES + 1):
        await call(keyed, "/key", "Bearer wrong")
    clock.now += auth.WINDOW + 1
    assert (await call(keyed, "/key", f"Bearer {SERVICE_KEY}")).status == 200


async def test_a_flood_of_addresses_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "REMEMBERED", 3)
    for number in range(10):
        auth.lock(f"10.0.0.{number}", 60.0)
    assert list(auth._locked) == ["10.0.0.7", "10.0.0.8", "10.0.0.9"]
