"""Cold starts, counted in instructions: what is added to every start of a function shows, on any machine."""

import pytest

from tests.integration.core.cold_starts import BUDGETS, FUNCTIONS, MARGIN, libraries, start


@pytest.fixture(scope="module")
def base() -> int:
    return libraries()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_start_of_a_function_keeps_its_budget(function: str, base: int) -> None:
    cost, budget = start(function) / base, BUDGETS[function]
    renewed = "If that is worth it: python -m tests.integration.core.cold_starts"
    assert cost <= budget * MARGIN, f"{function} starts at {cost:.3f} times the libraries, not {budget}. {renewed}"
