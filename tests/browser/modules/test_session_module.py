"""The token in its tab: taken out of the address at once, kept for the tab alone, gone when it has run out."""

import jwt
import pytest

from tests.browser.modules.modules import NOW, ORIGIN, Modules

OPEN = """
const { Session } = await import("/portal/assets/session.js");
window.ended = 0;
window.session = new Session(() => { ended += 1; });
return session.resume();
"""


def token(seconds: float = 600) -> str:
    return jwt.encode({"sub": "anna", "exp": NOW + seconds}, "a-secret-of-thirty-two-characters-or-more")


def test_a_token_in_the_address_leaves_it_at_once(modules: Modules) -> None:
    modules.page.evaluate("address => history.replaceState(null, '', address)", f"/portal#token={token()}")
    assert modules.run(OPEN) is True
    assert modules.run("return [location.href, session.user]") == [f"{ORIGIN}/portal", "anna"]


def test_it_is_kept_for_this_tab(modules: Modules) -> None:
    modules.run(OPEN)
    modules.run("session.keep(given)", f"  {token()}\n")
    modules.open()
    assert modules.run(OPEN) is True
    assert modules.run("return [session.token, localStorage.length]") == [token(), 0]


def test_when_it_runs_out_that_is_told(modules: Modules) -> None:
    modules.run(OPEN)
    modules.run("session.keep(given)", token(600))
    modules.page.clock.run_for(599_000)
    assert modules.run("return ended") == 0
    modules.page.clock.run_for(1_000)
    assert modules.run("return ended") == 1


@pytest.mark.parametrize(
    "given",
    [token(-1), token(0), "", "no token", "a.b.c", "a.e30.c", "a.bnVsbA.c", "a.eyJzdWIiOjEsImV4cCI6ImEifQ.c"],
    ids=["past", "now", "empty", "words", "parts", "empty object", "null", "other types"],
)
def test_what_is_no_token_or_has_run_out_is_not_kept(modules: Modules, given: str) -> None:
    modules.run(OPEN)
    assert modules.run("return session.keep(given)", given) is False
    assert modules.run("return [session.token, session.user, sessionStorage.length]") == [None, None, 0]


def test_a_token_of_a_hundred_days_does_not_run_out_at_once(modules: Modules) -> None:
    modules.run(OPEN)
    modules.run("session.keep(given)", token(100 * 86_400))
    modules.page.clock.run_for(1_000)
    assert modules.run("return ended") == 0


def test_signing_out_leaves_nothing_behind(modules: Modules) -> None:
    modules.run(OPEN)
    modules.run("session.keep(given); session.end()", token())
    assert modules.run("return [session.token, sessionStorage.length]") == [None, 0]
