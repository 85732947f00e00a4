"""Small charts, drawn as SVG in the page. Each says in words what it shows; colours come from the stylesheet."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

CHART = Markup(
    '<svg class="chart" viewBox="0 0 {:g} {:g}" role="img" aria-label="{}" preserveAspectRatio="none">{}</svg>'
)
BAR = Markup('<rect class="{}" x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}"><title>{}</title></rect>')
WIDTH, HEIGHT = 300.0, 40.0  # of a chart's own units; a page scales it
GAP = 0.2  # of a bar's place is left empty
LEAST = 2.0  # a bar's height at least, so that it can be seen


@dataclass(frozen=True, slots=True)
class Bar:
    """One value.

    Attributes:
        kind: good, bad, warn or soft: the colour.
        title: what it says when it is pointed at.
    """

    value: float
    kind: str
    title: str


def bars(values: Sequence[Bar], label: str, places: int | None = None) -> Markup:
    """A row of bars, the first one on the left.

    Args:
        label: what the chart shows, for those who do not see it.
        places: how many bars have room; fewer stand on the right.
    """
    count = max(places or 0, len(values), 1)
    step, highest = WIDTH / count, max([bar.value for bar in values], default=0.0)
    drawn = [drawn_bar((count - len(values) + place) * step, step, bar, highest) for place, bar in enumerate(values)]
    return CHART.format(WIDTH, HEIGHT, label, Markup("").join(drawn))


def drawn_bar(left: float, step: float, bar: Bar, highest: float) -> Markup:
    height = max(LEAST, bar.value / highest * HEIGHT) if highest > 0 else LEAST
    return BAR.format(bar.kind, left, HEIGHT - height, step * (1 - GAP), height, bar.title)
