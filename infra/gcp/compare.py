"""What is there against what is wanted: whether it differs, and what comes of both."""

from typing import Any


def covers(found: Any, wanted: Any) -> bool:
    """Whether `found` has all of `wanted`. It may have more members (what Google adds), but no more list items."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(name in found and covers(found[name], wanted[name]) for name in wanted)
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(covers(one, other) for one, other in zip(found, wanted, strict=True))
        )
    return bool(found == wanted)


def overlaid(found: Any, wanted: Any) -> Any:
    """What is wanted, and those members of what is there that it does not speak of: people may have added them."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return {**found, **{name: overlaid(found.get(name), value) for name, value in wanted.items()}}
    return wanted
