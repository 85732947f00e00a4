"""The dependencies of bundles, zipped once for each distinct set of them and each platform, and kept in `build/`."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.package import archive
from infra.package.bytecode import compile_tree, interpreter
from infra.package.distributions import Needed
from infra.package.install import install, shipped
from infra.package.platform import Platform, python_version

IN_PLACE = "--in-place"  # bytecode where its source lies, which is not shipped
RECIPE = sorted(Path(__file__).parent.glob("*.py"))  # a change of any of these makes every kept set useless


@dataclass(frozen=True)
class Dependencies:
    """One set: distributions for a platform, and those of AWS's services whose models it has."""

    platform: Platform
    pins: Needed
    services: frozenset[str]

    @cached_property
    def digest(self) -> str:
        """Differs where anything differs that the zip's bytes follow from."""
        full = interpreter(python_version())[1]
        parts = [self.platform.name, full, *sorted(self.services), *map(str, self.pins)]
        told = "\0".join(parts).encode() + b"".join(path.read_bytes() for path in RECIPE)
        return hashlib.sha256(told).hexdigest()[:16]

    def archive(self, out: Path) -> Path:
        return out / "dependencies" / f"{self.platform.name}-{self.digest}.zip"

    @property
    def names(self) -> frozenset[str]:
        return frozenset(pin.name for pin in self.pins)


def zipped(wanted: Collection[Dependencies], out: Path, tell: Callable[[], None]) -> None:
    """Make the zips of sets that are not there yet; `tell` is called after each."""
    absent: dict[Platform, list[Dependencies]] = defaultdict(list)
    for one in set(wanted):
        if one.archive(out).is_file():
            tell()
        else:
            absent[one.platform].append(one)
    for platform, sets in absent.items():
        with TemporaryDirectory(dir=out) as workshop:
            build(Path(workshop) / platform.name, platform, sets, out, tell)


def forget(kept: Collection[Dependencies], out: Path) -> None:
    """Delete the zips of sets that no bundle needs any more, on the platforms of those that are kept."""
    names = {one.archive(out) for one in kept}
    for platform in {one.platform.name for one in kept}:
        for path in (out / "dependencies").glob(f"{platform}-*.zip"):
            if path not in names:
                path.unlink()


def build(folder: Path, platform: Platform, sets: Iterable[Dependencies], out: Path, tell: Callable[[], None]) -> None:
    """Install and compile once what any set has, and pack each set's part of it."""
    install({pin for one in sets for pin in one.pins}, platform, folder)
    compile_tree(folder, interpreter(python_version())[0], IN_PLACE)

    def pack(one: Dependencies) -> None:
        archive.pack(one.archive(out), shipped(folder, one.names, one.services))
        tell()

    with ThreadPoolExecutor() as threads:  # zlib lets go of the interpreter
        list(threads.map(pack, sets))
