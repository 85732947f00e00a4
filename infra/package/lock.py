"""The exact versions and hashes of `requirements.lock`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.package.platform import Platform
from infra.package.reach import ROOT

LOCK = ROOT / "requirements.lock"


@dataclass(frozen=True, order=True)
class Pin:
    """One distribution in one version; `hashes` are those of its files, as `sha256:…`."""

    name: str
    version: str
    hashes: tuple[str, ...]

    def __str__(self) -> str:
        """As a requirements file has it."""
        return " \\\n    ".join([f"{self.name}=={self.version}", *(f"--hash={one}" for one in self.hashes)]) + "\n"


def pins(platform: Platform) -> Mapping[str, Pin]:
    """What the lock file has for a platform, by canonical name."""
    there = platform.markers()
    return {
        name: Pin(name, str(next(iter(requirement.specifier)).version), hashes)
        for name, requirement, hashes in locked()
        if requirement.marker is None or requirement.marker.evaluate(there)
    }


@cache
def locked() -> tuple[tuple[str, Requirement, tuple[str, ...]], ...]:
    """Every entry of the lock file: canonical name, requirement, hashes."""
    lines = LOCK.read_text().replace("\\\n", " ").splitlines()
    entries = [line.split("--hash=") for line in lines if line.strip()]
    named = [(Requirement(first.strip()), tuple(one.strip() for one in hashes)) for first, *hashes in entries]
    return tuple((canonicalize_name(requirement.name), requirement, hashes) for requirement, hashes in named)
