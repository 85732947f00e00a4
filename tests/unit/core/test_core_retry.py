"""In-process retries: how often, how long, of what."""

import json
from uuid import UUID, uuid4

import pytest

from shared import retry
from shared.outcome import Dead, Done, Down, Retry, Skip, Snooze, Unknown
from shared.queue.store import Settlement, written

RUN = UUID(int=1)


class Work:
    """Fails so many times, then succeeds."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.failures, self.error, self.calls = failures, error, 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        return "done"


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that were asked for, none of them waited."""
    asked: list[float] = []

    async def sleep(seconds: float) -> None:
        asked.append(seconds)

    monkeypatch.setattr("shared.retry.asyncio.sleep", sleep)
    return asked


@pytest.mark.parametrize("failures", [0, 1, 2])
async def test_work_is_tried_until_it_succeeds(waits: list[float], failures: int) -> None:
    work = Work(failures, KeyError())
    assert await retry.retrying(work, 3, KeyError) == "done"
    assert (work.calls, len(waits)) == (failures + 1, failures)


async def test_the_last_error_is_raised(waits: list[float]) -> None:
    work = Work(9, KeyError("last"))
    with pytest.raises(KeyError, match="last"):
        await retry.retrying(work, 3, KeyError)
    assert (work.calls, len(waits)) == (3, 2)


async def test_other_errors_are_not_retried(waits: list[float]) -> None:
    work = Work(1, ValueError())
    with pytest.raises(ValueError):
        await retry.retrying(work, 3, KeyError)
    assert (work.calls, waits) == (1, [])


def test_waits_grow_by_four_within_ten_per_cent() -> None:
    for expected, wait in zip([0.05, 0.2, 0.8], retry.delays(4), strict=True):
        assert expected * 0.9 <= wait <= expected * 1.1


def test_one_try_waits_for_nothing() -> None:
    assert retry.delays(1) == []


@pytest.mark.parametrize(
    ("fate", "name"),
    [
        (Done(), "done"),
        (Dead("w"), "dead"),
        (Retry("w"), "retry"),
        (Down("w"), "down"),
        (Unknown("w"), "unknown"),
        (Skip("w"), "skip"),
        (None, "release"),
    ],
)
def test_each_fate_has_the_name_that_the_database_knows(fate: Done | Dead | Retry | None, name: str) -> None:
    [told] = json.loads(written([Settlement(uuid4(), fate, 7)], RUN))
    expected = {"fate": name, "ms": 7, "run": str(RUN)} | ({} if name in {"done", "release"} else {"why": "w"})
    assert told["attempt"] == expected


def test_rows_that_ended_alike_are_told_of_once_with_their_receipts() -> None:
    fates: list[Done | Retry] = [Done("r1"), Done(), Retry("w"), Done("r2"), Retry("other"), Retry("w")]
    rows = [Settlement(UUID(int=number), fate, 7) for number, fate in enumerate(fates)]
    told = json.loads(written(rows, RUN))
    ids = [group["ids"].strip("{}").split(",") for group in told]
    assert [[int(each, 16) for each in group] for group in ids] == [[0, 1, 3], [2, 5], [4]]
    assert [group.get("receipts") for group in told] == [["r1", None, "r2"], None, None]


@pytest.mark.parametrize("kind", [Done, Dead, Retry, Snooze, Down, Unknown, Skip])
def test_a_fate_is_a_plain_value_that_never_changes(kind: type) -> None:
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert not hasattr(kind, "__dict__") or "__slots__" in vars(kind)
