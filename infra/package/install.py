"""Distributions for another machine: their wheels, checked by hash and unpacked, and which of their files to ship."""

import re
import subprocess
import sys
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name
from uv import find_uv_bin

from infra.package.lock import Pin
from infra.package.platform import Platform, python_version
from shared.errors import UnavailableError

# What no function reads: programs, types, sources of compiled modules, tests, and what tells of an installation.
INSTALLATION = ("*.dist-info/[A-Z]*", "*.dist-info/*.json", "*.dist-info/sboms/*")
# Of OpenTelemetry, all but its traces: most of it is names of conventions for others, which are kept for its own.
SIGNALS = ("opentelemetry/sdk/metrics/*", "opentelemetry/sdk/_logs/*", "opentelemetry/proto_json/[mp][er]*/*")
CONVENTIONS = ("opentelemetry/semconv/_incubating/*/*",)
LEFT_OUT = ("bin/*", "*.pyi", "*/py.typed", "*.c", "*.h", "*/tests/*", *SIGNALS, *CONVENTIONS, *INSTALLATION)
TRACED = ("opentelemetry/semconv/_incubating/*/otel_*", "opentelemetry/semconv/_incubating/*/__init__.py")
LICENCES = ("*.dist-info/LICEN[CS]E*", "*.dist-info/NOTICE*", "*.dist-info/COPYING*")
KEPT = ("*.dist-info/METADATA", *LICENCES, *TRACED)
SERVICE = re.compile(r"boto(?:3|core)/data/([^/]+)/")  # the models of one of AWS's services, of which there are 400


def install(pins: Iterable[Pin], platform: Platform, folder: Path) -> None:
    """Unpack distributions into a folder.

    Raises:
        UnavailableError: the registry cannot be reached, or has no such wheel; the message says which.
    """
    listed = folder.with_suffix(".txt")
    listed.write_text("".join(map(str, sorted(pins))))
    where = ("--target", folder, "--python-platform", platform.wheels, "--python-version", python_version())
    how = ("--python", sys.executable, "--only-binary", ":all:", "--require-hashes", "--link-mode", "copy")
    done = subprocess.run(
        [find_uv_bin(), "pip", "install", "--quiet", *where, *how, "--requirement", listed],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UnavailableError(f"The wheels for {platform.name} cannot be had: {done.stderr.strip()}")


def shipped(folder: Path, names: AbstractSet[str], services: AbstractSet[str]) -> dict[str, Path]:
    """The files of some of a folder's distributions, by the names that they have in a bundle: bytecode for sources."""
    there = [one for one in metadata.distributions(path=[str(folder)]) if canonicalize_name(one.name) in names]
    listed = (str(file) for one in there for file in one.files or ())
    wanted = [name for name in listed if is_wanted(name, services) and (folder / name).is_file()]
    shown = (f"{name}c" if name.endswith(".py") else name for name in wanted)
    return {name: folder / name for name in shown}


def is_wanted(name: str, services: AbstractSet[str]) -> bool:
    service = SERVICE.match(name)
    if ".." in name or (service is not None and service[1] not in services):
        return False
    return any(fnmatch(name, kept) for kept in KEPT) or not any(fnmatch(name, one) for one in LEFT_OUT)
