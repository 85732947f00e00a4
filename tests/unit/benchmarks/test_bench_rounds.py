import math
import sys
from typing import Any, cast

import pytest

from tests.benchmarks.bench import Bench, FailedError, Sample, Series, answer, script


def bench(rounds: int = 2, systems: tuple[str, ...] = ()) -> Bench:
    return Bench(cast("Any", None), rounds, systems=systems)


def test_every_measurement_is_made_once_a_round_one_round_after_the_other() -> None:
    made: list[str] = []

    def measurement(name: str) -> Sample:
        made.append(name)
        return {"rate": float(len(made))}

    series = bench().interleave({"a": lambda: measurement("a"), "b": lambda: measurement("b")})
    assert made == ["a", "b", "a", "b"]
    assert series.values("b", "rate") == [2.0, 4.0]


def test_a_measurement_that_fails_is_missing_with_its_reason_and_the_others_go_on() -> None:
    def fails() -> Sample:
        raise FailedError("it lost a row")

    run = bench()
    series = run.interleave({"a": fails, "b": lambda: {"rate": 1.0}})
    assert series.keys() == ["b"]
    assert run.missing == {"a": "it lost a row"}


def test_a_ratio_is_the_median_of_each_rounds_ratio() -> None:
    ours: list[Sample] = [{"rate": 10.0}, {"rate": 30.0}, {"rate": 90.0}]
    other: list[Sample] = [{"rate": 10.0}, {"rate": 10.0}, {"rate": 100.0}]
    assert Series({"ours": ours, "other": other}).ratio("ours", "other", "rate") == 1.0


def test_a_ratio_to_what_was_not_measured_is_no_number() -> None:
    ratio = Series({"ours": [{"rate": 10.0}]}).ratio("ours", "other", "rate")
    assert math.isnan(ratio)


def test_systems_are_wanted_by_the_beginning_of_their_name() -> None:
    run = bench(systems=("night", "pg"))
    assert [run.wants(name) for name in ("Nightshift, emails", "pgmq", "arq")] == [True, True, False]


def test_a_worker_answers_with_its_last_line() -> None:
    assert answer([sys.executable, "-c", "print('warming up'); print('{\"seconds\": 2}')"]) == {"seconds": 2}


def test_a_worker_that_ends_badly_has_failed_with_what_it_said() -> None:
    with pytest.raises(FailedError, match="out of rows"):
        script([sys.executable, "-c", "raise SystemExit('out of rows')"])


def test_a_worker_that_hangs_has_failed() -> None:
    with pytest.raises(FailedError, match="longer than 0 s"):
        script([sys.executable, "-c", "import time; time.sleep(60)"], patience=0.2)
