"""What a queue's samples look like: one row of bars for each figure, and what it says in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from shared.db import Row
from shared.pages import charts
from shared.pages.words import amount, exact, span


class Figure(NamedTuple):
    """One of a sample's figures: its name there, its heading, its colour; `timed`: it is a length of time."""

    name: str
    heading: str
    kind: str
    timed: bool = False


FIGURES = (
    Figure("due", "Due", "warn"),
    Figure("oldest_due_seconds", "Age of the oldest due row", "warn", timed=True),
    Figure("done", "Went out", "good"),
    Figure("died", "Became dead letters", "bad"),
)


@dataclass(frozen=True)
class Plot:
    """A chart with its heading and its sentence."""

    heading: str
    told: str
    drawn: Markup


def of(past: Sequence[Row], period: str) -> list[Plot]:
    """A plot for each figure."""
    return [plot(past, period, figure) for figure in FIGURES]


def small(past: Sequence[Row]) -> Plot:
    """What was due in the last hour."""
    return plot(past, "1h", FIGURES[0])


def plot(past: Sequence[Row], period: str, figure: Figure) -> Plot:
    values = [step[figure.name] for step in past if step[figure.name] is not None]
    told = f"{figure.heading}, last {period}: {course(values, figure)}"
    return Plot(figure.heading, told, charts.bars([bar(step, figure) for step in past], told))


def course(values: Sequence[float], figure: Figure) -> str:
    if not values:
        return "nothing was noted."
    return f"{said(max(values), figure)} at most, {said(values[-1], figure)} at last."


def bar(step: Row, figure: Figure) -> charts.Bar:
    value = step[figure.name]
    text = "nothing noted" if value is None else said(value, figure)
    return charts.Bar(float(value or 0), figure.kind if value else "soft", f"{exact(step['at'])}: {text}")


def said(value: float, figure: Figure) -> str:
    return span(value) if figure.timed else amount(int(value))
