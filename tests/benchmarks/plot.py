"""Bar and line charts as SVG text, made by hand."""

import math
from collections.abc import Mapping, Sequence

from tests.benchmarks.report import number
from tests.benchmarks.svg import CHARACTER, COLOURS, document, dot, legend, line, path, rectangle, text

WIDTH, EDGE = 860, 12  # pixels
BAR, GAP, FIGURE = 13, 12, 90  # pixels: a bar's height, the room between groups, the room for a figure
LEFT, BOTTOM, PLOT = 84, 48, 340  # pixels: the room for the axes' figures, and the height of the plot
TICKS = 5
DOTS = 40  # points up to which a line shows each of them

Points = Sequence[tuple[float, float]]


def bars(title: str, groups: Mapping[str, Mapping[str, float]], unit: str) -> str:
    """Groups of horizontal bars: per group's name its bars by their names, which share a colour over all groups."""
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    keys, y = legend(EDGE, 44, names, WIDTH) if len(names) > 1 else ([], 26)
    left = EDGE + 8 + CHARACTER * max(map(len, groups), default=0)
    most = max((value for group in groups.values() for value in group.values()), default=1) or 1
    scale = (WIDTH - left - FIGURE) / most
    body, y = [text(EDGE, 22, f"{title} ({unit})", weight="bold"), *keys], y + 18
    for label, group in groups.items():
        body.append(text(left - 8, y + len(group) * BAR / 2 + 4, label, anchor="end"))
        for name, value in group.items():
            body.append(rectangle(left, y, max(1, value * scale), BAR - 1, COLOURS[names.index(name) % len(COLOURS)]))
            body.append(text(left + max(1, value * scale) + 6, y + BAR - 3, number(value)))
            y += BAR
        y += GAP
    return document(WIDTH, y, body)


def lines(
    title: str,
    series: Mapping[str, Points],
    x_label: str,
    y_label: str,
    *,
    log_x: bool = False,
    log_y: bool = False,
) -> str:
    """One line a name through its points (x, y). A logarithmic axis leaves out what is not above 0."""
    shown = {
        name: [(x, y) for x, y in points if (x > 0 or not log_x) and (y > 0 or not log_y)]
        for name, points in series.items()
    }
    keys, top = legend(EDGE, 44, list(shown), WIDTH)
    across = Axis([x for points in shown.values() for x, _ in points], LEFT, WIDTH - 24, log=log_x)
    up = Axis([y for points in shown.values() for _, y in points], top + 20 + PLOT, top + 20, log=log_y)
    body = [text(EDGE, 22, title, weight="bold"), *keys]
    body += frame(across, up, x_label, y_label)
    for index, points in enumerate(shown.values()):
        body += curve([(across.at(x), up.at(y)) for x, y in points], COLOURS[index % len(COLOURS)])
    return document(WIDTH, up.start + BOTTOM, body)


class Axis:
    """Values to pixels: from `start` to `end`, linear from 0 or logarithmic between whole powers of ten."""

    def __init__(self, values: Sequence[float], start: float, end: float, *, log: bool) -> None:
        self.start, self.end, self.log = start, end, log
        most = max(values, default=1.0)
        if log:
            self.least = math.floor(math.log10(min(values, default=1.0)))
            self.most = max(self.least + 1, math.ceil(math.log10(most)))
        else:
            self.step = rounded((most or 1.0) / TICKS)
            self.least, self.most = 0, math.ceil((most or 1.0) / self.step)

    def at(self, value: float) -> float:
        place = math.log10(value) if self.log else value / self.step
        return self.start + (place - self.least) / (self.most - self.least) * (self.end - self.start)

    def ticks(self) -> list[float]:
        places = range(self.least, self.most + 1)
        return [10.0**place if self.log else place * self.step for place in places]


def rounded(step: float) -> float:
    """The next step up of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= step * 0.999)


def frame(across: Axis, up: Axis, x_label: str, y_label: str) -> list[str]:
    """Grid, figures and names of both axes."""
    parts = [line(across.at(tick), up.start, across.at(tick), up.end) for tick in across.ticks()]
    parts += [line(across.start, up.at(tick), across.end, up.at(tick)) for tick in up.ticks()]
    parts += [text(across.at(tick), up.start + 16, short(tick), anchor="middle") for tick in across.ticks()]
    parts += [text(across.start - 6, up.at(tick) + 4, short(tick), anchor="end") for tick in up.ticks()]
    parts.append(text((across.start + across.end) / 2, up.start + 36, x_label, anchor="middle"))
    parts.append(text(EDGE + 6, (up.start + up.end) / 2, y_label, anchor="middle", turned=True))
    return parts


def short(value: float) -> str:
    """A figure on an axis: 20k, 5M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def curve(points: Points, colour: str) -> list[str]:
    dots = [dot(x, y, colour) for x, y in points] if len(points) <= DOTS else []
    return [path(points, colour), *dots]
