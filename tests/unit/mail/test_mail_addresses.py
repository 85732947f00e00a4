import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mailbox import AddressError, canonical, parse


@pytest.mark.parametrize(
    "text",
    [
        "anna@example.org",
        "anna.b+tag@example.org",
        "nightshift@localhost",
        "o'neil@example.org",
        "x" * 64 + "@example.org",
        "анна@example.org",
    ],
)
def test_an_address_as_people_have_it_is_read(text: str) -> None:
    assert parse(text).address == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anna",
        "@example.org",
        "anna@",
        "anna@example.org\n",
        "anna@example.org\r\nBcc: b@example.org",
        "an na@example.org",
        "anna @example.org",
        " anna@example.org",
        "anna@exa mple.org",
        "anna@b@example.org",
        "anna@example.org,ben@example.org",
        "<anna@example.org>",
        "Anna <anna@example.org>",
        '"an na"@example.org',
        ".anna@example.org",
        "an..na@example.org",
        "anna@-example.org",
        "anna@example..org",
        "anna@exam_ple.org",
        "anna@[127.0.0.1]",
        "anna\x00@example.org",
        "anna\u2028@example.org",
        "anna@\ud800.org",
        "anna@\u200b.org",
        "x" * 65 + "@example.org",
        "anna@" + "a" * 64 + ".org",
        "anna@" + ("a" * 60 + ".") * 5 + "org",
        "x" * 60 + "@" + ("a" * 60 + ".") * 3 + "example.org",
    ],
)
def test_what_is_no_single_bare_address_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse(text)


def test_an_international_domain_goes_out_in_its_ascii_form() -> None:
    assert parse("anna@Straße.example").address == "anna@xn--strae-oqa.example"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Anna <anna@example.org>", "Anna"),
        ('"Berg, Anna" <anna@example.org>', "Berg, Anna"),
        (r'"Anna \"A\" Berg" <anna@example.org>', 'Anna "A" Berg'),
        ("Ännchen Ström <anna@example.org>", "Ännchen Ström"),
        ("<anna@example.org>", ""),
        ("anna@example.org", ""),
    ],
)
def test_a_display_name_is_read_where_one_is_allowed(text: str, name: str) -> None:
    box = parse(text, named=True)
    assert (box.name, box.address) == (name, "anna@example.org")


@pytest.mark.parametrize(
    "text", ["Anna <anna@example.org", "A <a@b.c> <d@e.f>", "A\n <a@example.org>", "a" * 201 + " <a@example.org>"]
)
def test_a_name_cannot_smuggle_a_second_address_or_a_line(text: str) -> None:
    with pytest.raises(AddressError):
        parse(text, named=True)


def test_an_error_never_quotes_the_address() -> None:
    with pytest.raises(AddressError) as error:
        parse("secret person@example.org")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("text", ["ANNA@Example.ORG", "anna@example.org", " anna@example.org "])
def test_spellings_of_one_address_have_one_canonical_form(text: str) -> None:
    assert canonical(text) == "anna@example.org"


def test_an_international_domain_is_the_same_in_both_forms() -> None:
    assert canonical("A@bücher.example") == canonical("a@xn--bcher-kva.example")


def test_what_is_no_address_has_a_canonical_form_too() -> None:
    assert canonical("No Address") == "no address"


@given(st.text(max_size=80))
def test_no_text_makes_reading_an_address_fail_in_another_way(text: str) -> None:
    for named in (False, True):
        try:
            parse(text, named=named)
        except AddressError:
            continue
    canonical(text)
