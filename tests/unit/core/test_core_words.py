"""Times and amounts as people read them, and small charts."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.pages import charts, words
from shared.schedule import Schedule

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("rate(1 minute)", "Every minute"),
        ("rate(5 minutes)", "Every 5 minutes"),
        ("rate(1 hour)", "Every hour"),
        ("rate(2 days)", "Every 2 days"),
        ("cron(0 0 * * ? *)", "At 00:00 every day, UTC"),
        ("cron(30 6 ? * MON-FRI *)", "At 06:30 on Monday through Friday, UTC"),
        ("cron(0 9 ? * 2 *)", "At 09:00 on Monday, UTC"),
        ("cron(0/15 * * * ? *)", "Every 15th minute of every hour, UTC"),
        ("cron(0 2 1 * ? *)", "At 02:00 on the first day of every month, UTC"),
    ],
)
def test_a_schedule_is_said_in_plain_words(expression: str, said: str) -> None:
    assert Schedule(expression=expression).in_words() == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "now"),
        (0.9, "now"),
        (1, "1.0 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (86_400, "1 d ago"),
        (-90, "in 1 min"),
    ],
)
def test_a_time_is_said_as_its_distance_with_the_exact_one_behind_it(seconds: float, said: str) -> None:
    made = words.ago(NOW - timedelta(seconds=seconds), NOW)
    assert f">{said}</time>" in made
    assert words.exact(NOW - timedelta(seconds=seconds)) in made


def test_an_exact_time_is_in_utc_whatever_its_zone() -> None:
    assert words.exact(NOW.astimezone()) == "2026-01-02 03:04:05 UTC"
    assert 'datetime="2026-01-02T03:04:05.000Z"' in words.ago(NOW.astimezone(), NOW)


def test_no_time_is_a_dash() -> None:
    assert [words.ago(None), words.moment(None), words.span(None), words.amount(None)] == ["\N{EN DASH}"] * 4


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0004, "0 ms"), (0.25, "250 ms"), (1.26, "1.3 s"), (48, "48 s"), (3725, "1 h"), (172_800, "2 d")],
)
def test_a_length_of_time_is_said_in_its_largest_unit(seconds: float, said: str) -> None:
    assert words.span(seconds) == words.span(timedelta(seconds=seconds)) == said


def test_thousands_stand_apart_and_what_is_capped_stays() -> None:
    assert [words.amount(1234567), words.amount("10000+")] == ["1\u202f234\u202f567", "10000+"]


def test_a_line_of_the_log_is_read_as_time_level_and_what_happened() -> None:
    line = {"severity": "INFO", "level": "INFO", "time": "T", "message": "run ended", "processed": 7}
    assert words.logged(line) == "T INFO run ended processed=7"


def test_a_document_that_is_not_json_stays_as_it_is() -> None:
    assert words.document("{not json") == "{not json"
    assert words.document('{"a":1}') == '{\n  "a": 1\n}'
    assert words.document("[" * 100_000) == "[" * 100_000


def test_a_chart_has_a_bar_a_value_and_says_what_it_shows() -> None:
    made = charts.bars([charts.Bar(2.0, "good", "one"), charts.Bar(1.0, "bad", "<two>")], 'The "last" runs', places=4)
    assert made.count("<rect") == 2
    assert 'aria-label="The &#34;last&#34; runs"' in made
    assert "&lt;two&gt;" in made
    assert 'x="225.00" y="20.00" width="60.00" height="20.00"' in made


@pytest.mark.parametrize("values", [[], [charts.Bar(0.0, "good", "at once")]], ids=["none", "only zero"])
def test_a_chart_of_nothing_can_be_drawn(values: list[charts.Bar]) -> None:
    assert "nan" not in charts.bars(values, "Nothing", places=3)
