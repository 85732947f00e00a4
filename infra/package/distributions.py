"""From imported names to the distributions that bring them, with all that those require themselves."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.package.lock import Pin, pins
from infra.package.platform import Platform
from infra.package.reach import ROOT
from shared.errors import ConfigurationError

REQUIREMENTS = ROOT / "requirements.txt"  # what a deployed function may need, with the extras of each
Needed = tuple[Pin, ...]


def needed(imported: Iterable[str], platform: Platform, also: Iterable[str] = ()) -> Needed:
    """The pins that a bundle needs.

    Args:
        imported: top-level names.
        also: further distributions, by name.

    Raises:
        ConfigurationError: an import is of nothing that requirements.txt brings, or the lock file is not current.
    """
    brought = {one for name in imported for one in bringers(name, platform)}
    wanted = brought | {canonicalize_name(name) for name in also}
    names = closure([allowed().get(name, Requirement(name)) for name in wanted], platform)
    locked = pins(platform)
    if missing := names - locked.keys():
        raise ConfigurationError(f"requirements.lock has no {', '.join(sorted(missing))}. Renew it: make lock")
    return tuple(sorted(locked[name] for name in names))


def bringers(name: str, platform: Platform) -> list[str]:
    """The distribution that brings a top-level name; of a namespace that many share, those that requirements.txt names.

    Raises:
        ConfigurationError: none does, of those that requirements.txt allows.
    """
    permitted = closure(allowed().values(), platform)
    found = [str(canonicalize_name(one)) for one in installed().get(name, ())]
    chosen = [one for one in found if one in allowed()] or [one for one in found if one in permitted][:1]
    if not chosen:
        raise ConfigurationError(
            f"Functions import {name}, which nothing in requirements.txt brings. Add it there, then: make lock"
        )
    return chosen


@cache
def allowed() -> Mapping[str, Requirement]:
    """What `requirements.txt` names, by canonical name."""
    lines = [line.partition("#")[0].strip() for line in REQUIREMENTS.read_text().splitlines()]
    named = [Requirement(line) for line in lines if line]
    return {canonicalize_name(requirement.name): requirement for requirement in named}


@cache
def installed() -> Mapping[str, list[str]]:
    """The distributions of every top-level name in this environment, which is the lock file's."""
    return metadata.packages_distributions()


def closure(roots: Iterable[Requirement], platform: Platform) -> set[str]:
    """Requirements with all that they require on a platform, by canonical name."""
    waiting, seen = list(roots), set[tuple[str, str]]()
    while waiting:
        requirement = waiting.pop()
        for extra in ("", *requirement.extras):
            key = canonicalize_name(requirement.name), extra
            if key not in seen:
                seen.add(key)
                waiting += required(*key, platform)
    return {name for name, _ in seen}


@cache
def required(name: str, extra: str, platform: Platform) -> tuple[Requirement, ...]:
    """What one distribution requires for one of its extras; for "" what it requires in any case.

    Raises:
        ConfigurationError: it is not installed here, so that nobody knows.
    """
    try:
        texts = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        raise ConfigurationError(f"{name} is not installed in .venv. Renew it: make setup") from None
    there = {**platform.markers(), "extra": extra}
    given = [Requirement(text) for text in texts]
    return tuple(one for one in given if one.marker is None or one.marker.evaluate(there))
