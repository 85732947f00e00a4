"""The cases, in the order of the index: each a module here, or a package, with NAME, TITLE and `measure`."""

from importlib import import_module, util
from typing import Protocol, cast

from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Report

ORDER = (
    "drain",
    "drain_io",
    "backlog",
    "hot_chat",
    "pick_up",
    "intake",
    "limiter",
    "cold_start",
    "decay",
    "analytics",
    "pruning",
    "repositories",
    "purchases",
    "messages",
    "console",
    "recaps",
    "cost",
    "growth",
    "soak",
)


class Case(Protocol):
    NAME: str
    TITLE: str

    def measure(self, bench: Bench) -> Report: ...


def names() -> list[str]:
    """The cases that there are."""
    return [name for name in ORDER if util.find_spec(f"{__name__}.{name}")]


def load(name: str) -> Case:
    """One case, imported when it is wanted: what it needs may be dear."""
    return cast("Case", import_module(f"{__name__}.{name}"))
