"""What each receiver gets, and what its answer means for the alert."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.outcome import Dead, Done, Fate, Retry, Snooze
from shared.providers.alert_webhook import fate, shape
from shared.queue import Alert

CONSOLE = "https://ops.example.org/console"
SINCE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ROW = UUID("01920000-0000-7000-8000-000000000001")
PARTS: dict[str, Any] = {
    "cause": "failed:x",
    "summary": "x <failed> & how.",
    "advice": "See its log.",
    "page": "/runs/7",
    "since": SINCE,
    "target": "ops#1",
    "created_at": SINCE + timedelta(minutes=1),
}
ALARM, RECOVERY = (Alert(ROW, possible_duplicate=False, kind=kind, **PARTS) for kind in ("alarm", "recovery"))
TEXT = "x <failed> & how. Since 2026-01-02 03:04 UTC. See its log. https://ops.example.org/console/runs/7"
SLACK = TEXT.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
OURS = {
    "kind": "alarm",
    "cause": "failed:x",
    "summary": "x <failed> & how.",
    "advice": "See its log.",
    "since": "2026-01-02T03:04:05+00:00",
    "at": "2026-01-02T03:05:05+00:00",
    "url": "https://ops.example.org/console/runs/7",
    "text": TEXT,
}


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("https://hooks.slack.com/services/T0/B0/x", {"text": SLACK}),
        ("https://hooks.slack-gov.com/services/T0/B0/x", {"text": SLACK}),
        ("https://discord.com/api/webhooks/1/x", {"content": TEXT, "allowed_mentions": {"parse": []}}),
        ("https://discordapp.com/api/webhooks/1/x", {"content": TEXT, "allowed_mentions": {"parse": []}}),
        ("https://hooks.slack.com.example.org/", OURS),
        ("https://ops.example.org/hook", OURS),
    ],
)
def test_each_receiver_gets_the_shape_that_it_understands(url: str, body: dict[str, Any]) -> None:
    assert shape(url, ALARM, CONSOLE) == body


def test_discord_gets_no_more_than_it_takes() -> None:
    long = ALARM._replace(summary="x" * 5000)
    assert len(shape("https://discord.com/api/webhooks/1/x", long, CONSOLE)["content"]) == 2000


def test_a_recovery_says_since_when_it_had_been_wrong() -> None:
    said = shape("https://ops.example.org/hook", RECOVERY._replace(summary="x works again.", advice=""), CONSOLE)
    assert said["text"] == (
        "x works again. It was wrong since 2026-01-02 03:04 UTC. https://ops.example.org/console/runs/7"
    )


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (200, Done),
        (202, Done),
        (204, Done),
        (301, Retry),
        (302, Retry),
        (307, Retry),
        (400, Dead),
        (401, Retry),
        (403, Retry),
        (404, Retry),
        (410, Dead),
        (413, Dead),
        (422, Dead),
        (429, Snooze),
        (500, Retry),
        (502, Retry),
        (503, Retry),
    ],
)
def test_an_answer_means_a_fate_by_its_status(status: int, meaning: type[Fate]) -> None:
    assert type(fate(httpx.Response(status))) is meaning


def until(status: int, **headers: str) -> float:
    """Seconds for which an answer asks."""
    meant = fate(httpx.Response(status, headers={"retry-after": headers["after"]} if headers else {}))
    assert isinstance(meant, Snooze)
    assert meant.whole_channel
    return (meant.until - datetime.now(UTC)).total_seconds()


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_that_names_a_time_is_left_alone_until_then(status: int) -> None:
    assert until(status, after="171") == pytest.approx(171, abs=1)
    assert until(status, after="1.5") == pytest.approx(1.5, abs=1)
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    assert until(status, after=f"{in_an_hour:%a, %d %b %Y %H:%M:%S} GMT") == pytest.approx(3600, abs=2)


@pytest.mark.parametrize("after", ["soon", "-5", "Mon, 99 Xyz"])
def test_a_time_that_is_none_counts_as_not_named(after: str) -> None:
    assert until(429, after=after) == pytest.approx(60, abs=1)
    assert isinstance(fate(httpx.Response(503, headers={"retry-after": after})), Retry)


def test_nobody_is_left_alone_for_longer_than_a_day() -> None:
    assert until(429, after="9" * 400) == pytest.approx(86_400, abs=1)
