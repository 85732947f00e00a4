"""Buying: what is tried again is the same purchase; what is bought again is another."""

import pytest

from tests.browser.modules.modules import Modules

OPEN = """
const { Api } = await import("/portal/assets/api.js");
const { Purchases } = await import("/portal/assets/purchases.js");
window.purchases = new Purchases(new Api(() => "token"));
"""
BUY = "purchases.buy('lamp').catch(() => {}); await kit.settled();"


@pytest.fixture
def page(modules: Modules) -> Modules:
    modules.run(OPEN)
    return modules


def keys(page: Modules) -> list[str]:
    return [call["headers"]["idempotency-key"] for call in page.calls(0)]


def test_after_no_answer_the_same_purchase_is_tried_again(page: Modules) -> None:
    page.run(BUY)
    page.break_off(0)
    page.run(BUY)
    page.answer(1, {"detail": "later"}, 503)
    page.run(BUY)
    assert len(set(keys(page))) == 1


def test_after_an_answer_it_is_another_purchase(page: Modules) -> None:
    page.run(BUY)
    page.answer(0, {"item_name": "Lamp", "new_balance": 1}, 201)
    page.run(BUY)
    assert len(set(keys(page))) == 2


def test_after_a_refusal_it_is_another_purchase(page: Modules) -> None:
    page.run(BUY)
    page.answer(0, {"detail": "too little"}, 409)
    page.run(BUY)
    assert len(set(keys(page))) == 2


def test_other_words_to_a_gift_are_another_gift(page: Modules) -> None:
    for words in ("one", "two", ""):
        page.run("purchases.gift('lamp', 'jonas', given).catch(() => {}); await kit.settled();", words)
        page.break_off(len(page.calls(0)) - 1)
    assert len(set(keys(page))) == 3
    assert [call["body"].get("message") for call in page.calls(3)] == ["one", "two", None]
