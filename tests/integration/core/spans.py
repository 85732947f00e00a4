"""Waits that are long beside a test's own time."""

import pytest

SPAN = 100.0  # seconds of a window: so long that a test's own time is nothing beside it
NEAR = 2.0  # seconds that a test may take


def near(seconds: float) -> object:
    """A wait that was computed up to NEAR seconds ago."""
    return pytest.approx(seconds - NEAR / 2, abs=NEAR / 2)
