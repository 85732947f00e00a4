"""Long texts in parts: nothing lost, nothing too long, in order (spec, section 3)."""

from hypothesis import example, given
from hypothesis import strategies as st

from shared.providers.telegram import TEXT, split

LETTERS = st.sampled_from(["a", "\u00e4", "\u6f22", "\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467"])
SPACES = st.sampled_from([" ", "\n", "\n\n", "\n \n", "\t", "  ", "\u00a0"])
WORDS = st.builds(lambda letter, times: letter * times, LETTERS, st.integers(1, 40))
TEXTS = st.lists(st.one_of(WORDS, SPACES), max_size=60).map("".join)


def units(text: str) -> int:
    """The length as Telegram counts it: UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


@given(text=TEXTS, limit=st.integers(2, 80))
@example(text="\U0001f600" * 10, limit=2)
@example(text=" " * 100, limit=10)
@example(text="", limit=10)
def test_nothing_but_space_at_the_cuts_is_lost(text: str, limit: int) -> None:
    assert "".join("".join(split(text, limit)).split()) == "".join(text.split())


@given(text=TEXTS, limit=st.integers(2, 80))
def test_no_part_is_too_long_or_empty(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert all(units(part) <= limit for part in parts)
    assert all(part.strip() for part in parts)


@given(text=TEXTS, limit=st.integers(2, 80))
def test_parts_stand_in_the_text_one_after_the_other(text: str, limit: int) -> None:
    at = 0
    for part in split(text, limit):
        found = text.find(part, at)
        assert found >= at
        assert not text[at:found].strip()
        at = found + len(part)
    assert not text[at:].strip()


@given(text=TEXTS.filter(lambda text: bool(text.strip()) and units(text) <= 80))
def test_a_text_that_fits_is_sent_as_it_is(text: str) -> None:
    assert split(text, 80) == [text]


@given(words=st.lists(st.text("abc", min_size=1, max_size=9), min_size=1, max_size=100))
def test_no_word_is_cut_that_fits(words: list[str]) -> None:
    assert [word for part in split(" ".join(words), 20) for word in part.split()] == words


def test_paragraphs_are_cut_before_lines_and_lines_before_words() -> None:
    text = "one two\nthree\n\nfour five\nsix"
    assert split(text, 20) == ["one two\nthree", "four five\nsix"]
    assert split(text, 10) == ["one two", "three", "four five", "six"]
    assert split(text, 5) == ["one", "two", "three", "four", "five", "six"]


@given(size=st.integers(TEXT - 2, TEXT + 2))
def test_telegrams_limit_counts_in_utf_16(size: int) -> None:
    assert [units(part) for part in split("a" * size)] == [min(size, TEXT), *([size - TEXT] if size > TEXT else [])]
    assert [units(part) for part in split("\U0001f600" * 2049)] == [4096, 2]
