"""A bar chart as SVG, made by hand: two bars a system, for batch 50 and for its best batch."""

from collections.abc import Sequence
from html import escape

from tests.benchmarks.report import FIRST, Line

WIDTH, LABELS, FIGURES = 860, 230, 150  # pixels: all, names on the left, numbers on the right
BAR, GAP, TOP = 13, 14, 46
COLOURS = {"ours": ("#1d4ed8", "#93b4f5"), "limit": ("#374151", "#a8b0bd"), "pypi": ("#b45309", "#f0b878")}
OTHERS = ("#b45309", "#f0b878")


def chart(title: str, table: Sequence[Line]) -> str:
    """The whole file."""
    most = max(line.best.median for line in table)
    height = TOP + len(table) * (2 * BAR + GAP) + 8
    scale = (WIDTH - LABELS - FIGURES) / most
    body = [text(12, 22, f"{title}: rows per second (dark: batch {FIRST}, light: best batch)", "bold")]
    for number, line in enumerate(table):
        y = TOP + number * (2 * BAR + GAP)
        dark, light = COLOURS.get(line.system.kind, OTHERS)
        body.append(text(LABELS - 8, y + BAR + 4, line.system.name, anchor="end"))
        if line.first:
            body += bar(y, line.first.median, scale, dark, f"{line.first.median:,.0f}")
        body += bar(y + BAR, line.best.median, scale, light, f"{line.best.median:,.0f} at {line.best.batch}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        ' font-family="sans-serif" font-size="12">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def bar(y: float, value: float, scale: float, colour: str, label: str) -> list[str]:
    width = max(1.0, value * scale)
    return [
        f'<rect x="{LABELS}" y="{y}" width="{width:.1f}" height="{BAR - 1}" fill="{colour}"/>',
        text(LABELS + width + 6, y + BAR - 3, label),
    ]


def text(x: float, y: float, words: str, weight: str = "normal", anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-weight="{weight}" text-anchor="{anchor}" fill="#111827">'
        f"{escape(words)}</text>"
    )
