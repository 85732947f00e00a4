"""Programs that only a system package brings. CI has them all; a stranger's machine may skip."""

import os
import shutil

import pytest

PACKAGES = {
    "pgbouncer": "pgbouncer",
    "chromium": "chromium",
    "psql": "postgresql-client",
    "npm": "npm (Node 20.19 or newer)",
}


def require(program: str, *, package: str | None = None) -> str:
    """The path of a system program.

    Without it the test is skipped, saying which Debian package to install; NIGHTSHIFT_NO_SKIPS=1 fails it.
    """
    places = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/sbin", "/usr/local/sbin"]
    found = shutil.which(program, path=os.pathsep.join(places))
    if found is None:
        missing(f"install Debian's {package or PACKAGES.get(program, program)}")
    return str(found)


def missing(what: str) -> None:
    """Skip, or fail where nothing may be skipped."""
    if os.environ.get("NIGHTSHIFT_NO_SKIPS") == "1":
        pytest.fail(what)
    pytest.skip(what)
