"""Pieces of SVG."""

from collections.abc import Sequence
from html import escape

INK, RULE = "#111827", "#e5e7eb"
COLOURS = ("#1d4ed8", "#f59e0b", "#059669", "#dc2626", "#7c3aed", "#0891b2", "#be185d", "#4d7c0f", "#6b7280", "#92400e")
CHARACTER = 6.6  # pixels that a character takes at most, on average


def document(width: float, height: float, body: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}"'
        f' height="{height:.0f}" font-family="sans-serif" font-size="12">\n'
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def text(x: float, y: float, words: str, *, weight: str = "normal", anchor: str = "start", turned: bool = False) -> str:
    """Words at a place, standing on their base line; `turned` to read upwards."""
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-weight="{weight}" text-anchor="{anchor}" fill="{INK}"{turn}>'
        f"{escape(words)}</text>"
    )


def rectangle(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def line(x: float, y: float, to_x: float, to_y: float, colour: str = RULE) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{colour}"/>'


def path(points: Sequence[tuple[float, float]], colour: str) -> str:
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>'


def dot(x: float, y: float, colour: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'


def legend(x: float, y: float, names: Sequence[str], width: float) -> tuple[list[str], float]:
    """Coloured names from a place on, in as many lines as they need; and where the last line stands."""
    parts, at = [], x
    for number, name in enumerate(names):
        if at > x and at + 24 + len(name) * CHARACTER > width:
            at, y = x, y + 18
        parts += [rectangle(at, y - 9, 10, 10, COLOURS[number % len(COLOURS)]), text(at + 15, y, name)]
        at += 34 + len(name) * CHARACTER
    return parts, y
