"""A month's bill: what lingering costs whatever comes, what messages cost, and how long they wait."""

import pytest

from tests.benchmarks.cases.cost import bill
from tests.benchmarks.cases.cost.bill import Mode, Work

QUICK = Work(message=0.0001, call=0.002)  # CPU seconds
LINGERING, POLLING = Mode("lingers", 60.0, 55.0), Mode("polls", 60.0)


def test_lingering_costs_the_same_until_the_messages_fill_its_time() -> None:
    few, many = (bill.scheduled(QUICK, LINGERING, daily) for daily in (1_000, 10_000_000))

    assert few == many
    assert few.seconds == pytest.approx(43_200 * 55, rel=0.001)


def test_polling_pays_by_the_message_where_there_are_many() -> None:
    one, ten = (bill.scheduled(QUICK, POLLING, daily).aws for daily in (10_000_000, 100_000_000))

    assert ten == pytest.approx(10 * one, rel=0.05)


def test_ten_messages_that_come_together_wait_for_one_answer_of_the_provider() -> None:
    together = bill.busy(Work(0.0), POLLING, 10 * 1440, bill.lambda_vcpu())

    assert together == pytest.approx(bill.SEND, rel=0.001)


def test_a_call_by_http_is_paid_for_each_message() -> None:
    assert bill.posted(QUICK, 2_000).aws == pytest.approx(2 * bill.posted(QUICK, 1_000).aws)


@pytest.mark.parametrize("mode", [LINGERING, POLLING, Mode("rarely", 300.0, 55.0)])
def test_the_waits_are_those_of_messages_at_every_moment(mode: Mode) -> None:
    moments = [number / 10_000 * mode.period for number in range(10_000)]
    waits = sorted(mode.period - at if at > mode.linger else 0.0 for at in moments)

    assert waits[5_000] == pytest.approx(mode.wait(0.5), abs=0.1)
    assert waits[9_900] == pytest.approx(mode.wait(0.99), abs=0.1)
    assert sum(waits) / len(waits) == pytest.approx(mode.mean_wait, abs=0.1)
