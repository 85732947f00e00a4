"""What is said of each cause."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from shared import table
from shared.causes import KINDS, Cause, lasting, recovery, way

FACTS = {
    "why": "KeyError",
    "run": "7",
    "runs": 2,
    "minutes": 20,
    "due": 5000,
    "dead": 3,
    "budget": "5",
    "gone": 30,
    "accepted": 2,
}
PAGES = r"/(tasks/[a-z_-]+|runs/\w+|queues/[a-z_]+(/dead-letters)?)"
RUNBOOK = Path(__file__).resolve().parents[3] / "docs" / "runbook.md"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_names_what_is_wrong_what_to_do_and_a_page_of_the_console(kind: str) -> None:
    cause = Cause(kind, "email_queue", FACTS)
    assert all(text.endswith(".") and "{" not in text for text in (cause.summary, cause.advice))
    assert re.fullmatch(PAGES, cause.page)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_words_for_its_end(kind: str) -> None:
    said = recovery(f"{kind}:email_queue")
    assert said["cause"] == f"{kind}:email_queue"
    assert said["summary"].endswith(".")
    assert re.fullmatch(PAGES, said["page"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_words_for_those_who_know_no_facts(kind: str) -> None:
    sentence, page = lasting(f"{kind}:email_queue")
    assert sentence.endswith(".")
    assert re.fullmatch(PAGES, page)


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_is_told_again_within_fifteen_minutes(kind: str) -> None:
    assert KINDS[kind].again >= timedelta(minutes=15)


@pytest.mark.parametrize("kind", KINDS)
def test_the_runbook_has_a_line_for_every_kind(kind: str) -> None:
    assert f"| `{kind}:" in RUNBOOK.read_text()


def test_a_failed_run_leads_to_its_own_page_and_its_end_to_the_tasks() -> None:
    assert Cause("failed", "apply-decay", {"why": "KeyError", "run": "7"}).page == "/runs/7"
    assert recovery("failed:apply-decay")["page"] == "/tasks/apply-decay"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("failed:apply-decay", "queue"),
        ("dead:email_queue", "queue"),
        ("missed:watch", "direct"),
        ("failed:watch", "direct"),
        ("dead:alert_queue", "note"),
        ("breaker:alert_queue", "note"),
    ],
)
def test_what_tells_of_all_else_is_told_of_in_another_way(name: str, expected: str) -> None:
    assert way(name) == expected


def test_the_watch_is_a_task_of_the_table() -> None:
    assert [each.expression for each in table.lookup("watch").schedules] == ["rate(1 minute)"]
