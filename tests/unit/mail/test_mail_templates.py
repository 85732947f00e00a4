from html.parser import HTMLParser
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import UnprocessableError
from shared.mail_templates import KINDS, Kind, render

FULL: dict[Kind, dict[str, Any]] = {
    "purchase_confirmation": {"item": "Lamp", "amount": "€4.99", "order_id": "o_1", "receipt_url": "https://x.example"},
    "payment_failed": {"item": "Lamp", "amount": "€4.99", "retry_url": "https://x.example/pay"},
    "gift_received": {"sender": "Ben", "item": "Rose", "message": "for you", "inbox_url": "https://x.example/in"},
    "recap_ready": {"date": "2 January", "recap": "We talked.", "recap_url": "https://x.example/recap"},
    "game_over": {"chapter": 3, "play_again_url": "https://x.example/again"},
}
LEAST: dict[Kind, set[str]] = {
    "purchase_confirmation": {"item", "amount", "order_id"},
    "payment_failed": {"amount"},
    "gift_received": {"sender", "item"},
    "recap_ready": {"date", "recap"},
    "game_over": set(),
}


class Tags(HTMLParser):
    """Counts tags, to see whether what opens is closed and nothing came in with a value."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_mail_says_the_same_in_html_and_in_plain_text(kind: Kind) -> None:
    found = render(kind, name="Anna", **FULL[kind])
    for value in FULL[kind].values():
        assert str(value) in found.html
        assert str(value) in found.text
    assert "Hi Anna," in found.html
    assert "Hi Anna," in found.text
    assert found.subject


@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_mail_needs_no_more_than_its_least_values(kind: Kind) -> None:
    values = {name: value for name, value in FULL[kind].items() if name in LEAST[kind]}
    assert render(kind, **values).text.startswith("Hi,\n\n")


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in LEAST.items() for name in sorted(names)])
def test_a_missing_value_is_named(kind: Kind, name: str) -> None:
    with pytest.raises(UnprocessableError) as error:
        render(kind, **{key: value for key, value in FULL[kind].items() if key != name})
    assert error.value.extra["errors"] == [{"field": "values", "problem": f"'{name}' is undefined"}]


def test_values_are_escaped_in_html_and_not_in_plain_text() -> None:
    found = render("gift_received", sender="<b>Ben</b>", item="A & B")
    assert "&lt;b&gt;Ben&lt;/b&gt;" in found.html
    assert "<b>Ben</b> sent you A & B." in found.text


def test_a_subject_is_one_line_whatever_the_values_hold() -> None:
    assert render("gift_received", sender="Ben\r\nBcc: x", item="a\tb").subject == "Ben Bcc: x sent you a gift: a b"


def test_an_unsubscribe_link_stands_in_both_parts_where_one_is_given() -> None:
    found = render("recap_ready", date="x", recap="y", unsubscribe_url="https://x.example/u?a=1&b=2")
    assert 'href="https://x.example/u?a=1&amp;b=2"' in found.html
    assert "Unsubscribe: https://x.example/u?a=1&b=2" in found.text


@pytest.mark.parametrize("url", ["javascript:alert(1)", "/relative", "https://x.example/\n", 7])
def test_a_link_leads_to_the_web_or_nowhere(url: object) -> None:
    with pytest.raises(UnprocessableError, match="cannot be filled"):
        render("gift_received", sender="a", item="b", inbox_url=url)


def test_a_value_of_the_wrong_kind_is_an_error_of_the_caller() -> None:
    with pytest.raises(UnprocessableError, match="cannot be filled"):
        render("recap_ready", date="x", recap=5)


def test_every_mail_works_in_dark_mode_and_without_images() -> None:
    for kind in KINDS:
        html = render(kind, **FULL[kind]).html  # type: ignore[arg-type, index]
        assert "prefers-color-scheme: dark" in html
        assert "img" not in Tags(html).seen


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_value_adds_a_tag_or_a_line_to_the_subject(sender: str, item: str) -> None:
    plain = Tags(render("gift_received", sender="a", item="b").html).seen
    found = render("gift_received", sender=sender, item=item)
    assert Tags(found.html).seen == plain
    assert found.subject.isprintable() or "\n" not in found.subject
    assert len(found.subject.splitlines()) == 1
