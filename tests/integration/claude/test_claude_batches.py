"""Message batches, against the twin."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from infra.local.twins.claude import ClaudeTwin
from infra.local.twins.claude_faults import LineFault, Overloaded, Spent, Stall, Stop, Young
from infra.local.twins.faults import DropAfter, Malformed, Throttle
from shared.outcome import Dead, Down, Retry, Snooze, Unknown
from shared.providers import claude_batches
from shared.providers.claude import Claude
from shared.providers.claude_answer import Answer, Barred, Cut, Outcome
from shared.providers.claude_batches import Batches, Created, Ended, Request, Running
from tests.integration.claude.conftest import prompt


@pytest.fixture
def batches(claude: Claude) -> Batches:
    return Batches(claude)


def requests(*names: str) -> list[Request]:
    return [Request(name, prompt(f"About {name}.")) for name in names]


async def made(batches: Batches, *names: str) -> Created:
    created = await batches.create(requests(*names))
    assert isinstance(created, Created)
    return created


async def collected(batches: Batches, batch: Created) -> dict[str, Outcome]:
    ended = await batches.status(batch.batch_id, batch.created_at)
    assert isinstance(ended, Ended)
    found = await batches.results(batch.batch_id, ended.ended_at)
    assert isinstance(found, Iterator)
    return {each.custom_id: each.outcome for each in found}


async def test_each_result_finds_its_request(batches: Batches) -> None:
    batch = await made(batches, *(f"u{number}" for number in range(30)))
    found = await collected(batches, batch)
    assert len(found) == 30
    for name, answer in found.items():
        assert isinstance(answer, Answer)
        assert answer.text == f"Written for: About {name}."


async def test_a_batch_costs_half(claude: Claude, batches: Batches) -> None:
    [answer] = (await collected(batches, await made(batches, "a"))).values()
    assert isinstance(answer, Answer)
    assert answer.usage.cache_creation_1h_input_tokens == 800
    assert answer.cost == claude.price.cost(answer.usage) / 2


async def test_a_batch_that_is_not_done_is_running(twin: ClaudeTwin, batches: Batches) -> None:
    twin.apply(Stall())
    batch = await made(batches, "a")
    assert await batches.status(batch.batch_id, batch.created_at) == Running()


async def test_lines_that_failed_are_told_apart(twin: ClaudeTwin, batches: Batches) -> None:
    for result, name in (("expired", "a"), ("canceled", "b")):
        twin.apply(LineFault(result=result, only=(name,)))  # type: ignore[arg-type]
    for status, name in ((400, "c"), (529, "d")):
        twin.apply(LineFault(status=status, only=(name,)))  # type: ignore[arg-type]
    assert await collected(batches, await made(batches, "a", "b", "c", "d")) == {
        "a": Retry("claude: batch expired"),
        "b": Retry("claude: batch canceled"),
        "c": Dead("claude: batch invalid_request_error"),
        "d": Down("claude: batch overloaded_error"),
    }


async def test_a_text_that_broke_off_in_a_batch_says_so(twin: ClaudeTwin, batches: Batches) -> None:
    twin.apply(Stop(reason="max_tokens"))
    [answer] = (await collected(batches, await made(batches, "a"))).values()
    assert isinstance(answer, Cut)


async def test_a_young_batch_that_is_not_found_is_only_young(twin: ClaudeTwin, batches: Batches) -> None:
    batch = await made(batches, "a")
    twin.apply(Young())
    now, long_ago = datetime.now(UTC), datetime.now(UTC) - timedelta(minutes=11)
    assert await batches.status(batch.batch_id, batch.created_at) == claude_batches.Young()
    assert await batches.results(batch.batch_id, now) == claude_batches.Young()
    assert await batches.status(batch.batch_id, long_ago) == Dead("claude: the batch is not known")
    assert await batches.results(batch.batch_id, long_ago) == Dead("claude: the batch is not known")


async def test_a_batch_whose_answer_was_lost_is_found_again(twin: ClaudeTwin, batches: Batches) -> None:
    first = await made(batches, "a")
    twin.apply(DropAfter())
    assert isinstance(await batches.create(requests("b")), Unknown)
    found = await batches.recent()
    assert isinstance(found, list)
    assert found[1].batch_id == first.batch_id
    assert list(await collected(batches, found[0])) == ["b"]


async def test_a_batch_is_not_made_while_claude_is_overloaded(twin: ClaudeTwin, batches: Batches) -> None:
    twin.apply(Overloaded(times=1))
    assert await batches.create(requests("a")) == Down("claude 529 overloaded_error")
    assert twin.stats()["batches"] == 0


async def test_a_batch_that_is_refused_is_no_rows_fault(twin: ClaudeTwin, batches: Batches) -> None:
    twin.apply(Spent(limit="own"))
    assert await batches.create(requests("a")) == Barred("claude 400 invalid_request_error")


async def test_an_answer_of_somebody_in_between_is_a_doubt(twin: ClaudeTwin, batches: Batches) -> None:
    twin.apply(Malformed(accept=True))
    assert isinstance(await batches.create(requests("a")), Unknown)
    assert isinstance(await batches.recent(), Unknown)


def test_a_line_that_cannot_be_read_does_not_hide_the_others(batches: Batches) -> None:
    lines = b'{"custom_id":"a"}\n<html>\n\n{"custom_id":"b","result":{"type":"expired"}}\n'
    assert [each.custom_id for each in batches.finished(lines)] == ["b"]


@pytest.mark.parametrize("names", [["a", "a"], ["a b"], [""], ["a" * 65]])
def test_names_that_would_swap_results_are_refused(batches: Batches, names: list[str]) -> None:
    with pytest.raises(ValueError, match="name"):
        list(batches.split(requests(*names)))


def test_what_does_not_fit_into_one_batch_is_split(batches: Batches) -> None:
    asked = requests(*(f"u{number}" for number in range(7)))
    assert [len(part) for part in batches.split(asked, most=3)] == [3, 3, 1]
    length = len(batches.written(asked[0])) + 1
    assert [len(part) for part in batches.split(asked, size=2 * length)] == [2, 2, 2, 1]
    answer = claude_batches.LINE + claude_batches.TOKEN * asked[0].prompt.max_tokens
    assert [len(part) for part in batches.split(asked, answers=4 * answer)] == [4, 3]
    assert list(batches.split([])) == []


def test_a_request_that_is_too_long_alone_still_goes_out_alone(batches: Batches) -> None:
    assert [len(part) for part in batches.split(requests("a", "b"), size=1)] == [1, 1]


async def test_a_batch_waits_as_told(twin: ClaudeTwin, batches: Batches) -> None:
    twin.apply(Throttle(retry_after=9))
    found = await batches.create(requests("a"))
    assert isinstance(found, Snooze)
