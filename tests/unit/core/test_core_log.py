"""Logs: one JSON object a line, for both clouds, without what is private (spec, section 10)."""

import asyncio
import io
import json
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.log import Log, bind, clear, log, masked


@pytest.fixture
def stream() -> io.StringIO:
    clear()
    return io.StringIO()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_the_fields_that_both_clouds_read(stream: io.StringIO) -> None:
    Log(stream=stream).info("run ended", processed=3)
    [line] = lines(stream)
    assert (line["severity"], line["level"], line["message"], line["processed"]) == ("INFO", "INFO", "run ended", 3)
    assert datetime.fromisoformat(line["time"]).tzinfo is not None


@pytest.mark.parametrize(
    ("threshold", "written"),
    [
        ("DEBUG", ["DEBUG", "INFO", "WARNING", "ERROR"]),
        ("INFO", ["INFO", "WARNING", "ERROR"]),
        ("WARNING", ["WARNING", "ERROR"]),
        ("ERROR", ["ERROR"]),
    ],
)
def test_what_is_below_the_threshold_is_not_written(stream: io.StringIO, threshold: str, written: list[str]) -> None:
    it = Log(threshold, stream)
    for write in (it.debug, it.info, it.warning, it.error):
        write("a line")
    assert [line["severity"] for line in lines(stream)] == written


def test_a_line_stays_one_line_whatever_is_in_it(stream: io.StringIO) -> None:
    Log(stream=stream).info("a\nb", error="c\r\nd", id=UUID(int=1), at=datetime(2026, 1, 1))  # noqa: DTZ001 - any value
    assert len(stream.getvalue().splitlines()) == 1
    assert lines(stream)[0]["id"] == str(UUID(int=1))


def test_of_an_error_its_type_and_place_are_written_and_not_its_text(stream: io.StringIO) -> None:
    def fail() -> None:
        raise KeyError("ann@example.org")

    try:
        fail()
    except KeyError as error:
        Log(stream=stream).error("run failed", cause=error)
    [line] = lines(stream)
    assert line["error_type"] == "KeyError"
    assert line["stack"][-1].endswith(" fail")
    assert "ann@example.org" not in stream.getvalue()


def test_bound_fields_are_on_every_later_line_until_the_next_request(stream: io.StringIO) -> None:
    it = Log(stream=stream)
    bind(request_id="r-1")
    bind(run_id="n-1")
    it.info("one")
    clear()
    it.info("two")
    one, two = lines(stream)
    assert (one["request_id"], one["run_id"]) == ("r-1", "n-1")
    assert "request_id" not in two


async def test_concurrent_requests_do_not_share_their_fields(stream: io.StringIO) -> None:
    it = Log(stream=stream)

    async def request(name: str) -> None:
        bind(request_id=name)
        await asyncio.sleep(0)
        it.info("a line", expected=name)

    await asyncio.gather(*(request(f"r-{number}") for number in range(5)))
    assert all(line["request_id"] == line["expected"] for line in lines(stream))


def test_lines_go_to_standard_output_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    clear()
    log.error("a line")
    assert json.loads(capsys.readouterr().out)["message"] == "a line"


@given(address=st.emails())
def test_a_masked_address_can_be_matched_and_not_read(address: str) -> None:
    mask = masked(address)
    assert mask == masked(f" {address} ")
    assert mask.startswith("#")
    assert len(mask) == 11
    assert "@" not in mask


def test_addresses_that_differ_in_case_are_one() -> None:
    assert masked("Ann@Example.ORG") == masked("ann@example.org") != masked("bob@example.org")
