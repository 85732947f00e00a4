"""Times and amounts as people read them; the filters of the templates. Times are UTC."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup

UNITS = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))
LOGGED = ("time", "level", "severity", "message")  # fields of a log line that have a place of their own
NOW = 1.0  # seconds that are no time at all


def exact(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def ago(at: datetime | None, now: datetime | None = None) -> str | Markup:
    """A time as its distance from now, with the exact one behind it; a dash for none."""
    if at is None:
        return "–"  # noqa: RUF001 - as tables write what is not there
    distance = ((now or datetime.now(UTC)) - at).total_seconds()
    text = "now" if abs(distance) < NOW else f"{span(distance)} ago" if distance > 0 else f"in {span(-distance)}"
    return stamped(at, text)


def moment(at: datetime | None, now: datetime | None = None) -> str | Markup:
    """A time in full, with its distance from now."""
    if at is None:
        return "–"  # noqa: RUF001
    return Markup("{} <span class=soft>({})</span>").format(stamped(at, exact(at)), ago(at, now))


def stamped(at: datetime, text: str) -> Markup:
    machine = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(machine, exact(at), text)


def span(seconds: float | timedelta | None) -> str:
    """A length of time in its largest unit: `48 s`, `12 min`, `3 h`."""
    if seconds is None:
        return "–"  # noqa: RUF001
    length = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    if length < 1:
        return f"{length * 1000:.0f} ms"
    size, unit = next(pair for pair in UNITS if length >= pair[0])
    return f"{length / size:.1f} {unit}" if length < 10 and unit == "s" else f"{int(length / size)} {unit}"  # noqa: PLR2004


def amount(number: float | str | None) -> str:
    """A number with its thousands apart; what is capped stays as it is."""
    return "–" if number is None else number if isinstance(number, str) else f"{number:,}".replace(",", "\u202f")  # noqa: RUF001


def pretty(value: Any) -> str:
    """A value of JSON on several lines."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def document(text: str) -> str:
    """A document of JSON on several lines; anything else as it is."""
    try:
        return pretty(json.loads(text))
    except (ValueError, RecursionError):
        return text


def plain(value: Mapping[str, Any]) -> str:
    """A value of JSON on one line."""
    return json.dumps(value, ensure_ascii=False, default=str)


def logged(line: Mapping[str, Any]) -> str:
    """A line of the log as people read it: time, level, what happened, then what else it says."""
    said = {name: value for name, value in line.items() if name not in LOGGED}
    rest = " ".join(f"{name}={value}" for name, value in said.items())
    return f"{line.get('time', '')} {line.get('level', '')} {line.get('message', '')} {rest}".strip()


FILTERS = {
    "ago": ago,
    "moment": moment,
    "span": span,
    "amount": amount,
    "exact": exact,
    "pretty": pretty,
    "document": document,
    "plain": plain,
    "logged": logged,
}
