"""What sends a form: our own pages, for this session, and nobody else."""

import pytest

from tests.integration.console.operating import Operator, words


@pytest.mark.parametrize("token", [None, "", "0" * 64, "é"], ids=["none", "empty", "another", "strange"])
async def test_a_form_without_its_session_s_token_changes_nothing(operator: Operator, token: str | None) -> None:
    answer = await operator.post("/console/sign-out", csrf=token)
    assert answer.status == 403
    assert "Load the page again and repeat it." in words(answer)
    assert (await operator.get("/console")).status == 200


async def test_a_form_of_another_session_changes_nothing(operator: Operator) -> None:
    other = Operator(operator.resources)
    await other.sign_in()
    assert (await operator.post("/console/sign-out", csrf=other.csrf)).status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "", "origin": "https://evil.example"},
        {"sec-fetch-site": "", "origin": "null"},
    ],
    ids=str,
)
@pytest.mark.parametrize("place", ["/console/sign-out", "/console/sign-in"])
async def test_a_form_of_another_site_changes_nothing(operator: Operator, place: str, headers: dict[str, str]) -> None:
    assert (await operator.post(place, headers, key="x")).status == 403


async def test_an_old_browser_says_where_its_form_comes_from(operator: Operator) -> None:
    own = {"sec-fetch-site": "", "origin": "http://127.0.0.1:8080"}
    assert (await operator.post("/console/sign-out", own)).status == 303


async def test_an_act_of_nobody_leads_to_the_sign_in_page_and_back_to_where_it_was(stranger: Operator) -> None:
    came = {"referer": "http://127.0.0.1:8080/console/tasks/apply-decay"}
    answer = await stranger.post("/console/sign-out", came)
    assert answer.headers["location"] == "/console/sign-in?next=/console/tasks/apply-decay"
