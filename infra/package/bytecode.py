"""Bytecode by the runtime's own Python, so that no start of a function compiles, or looks how old a source is.

Run as a program it tells which Python that is on this machine, or how to get one.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from uv import find_uv_bin

from infra.package.platform import python_version
from shared.errors import ConfigurationError

TASK_ROOT = "/var/task"  # where Lambda unpacks a bundle; tracebacks name files there
COMPILER = Path(__file__).with_name("compiler.py")
ASK = "import sys; print(*sys.version_info[:3], sep='.')"


@cache
def interpreter(version: str) -> tuple[Path, str]:
    """A Python of a version such as `3.12`, and its full version.

    Raises:
        ConfigurationError: there is none on this machine.
    """
    for candidate in candidates(version):
        full = answer(str(candidate), "-I", "-c", ASK)
        if full.startswith(f"{version}."):
            return candidate, full
    raise ConfigurationError(
        f"Bundles need Python {version}, which compiles their bytecode, and there is none here. Install it "
        f"(.venv/bin/uv python install {version}, or your system's python{version}), so that it is on PATH."
    )


def candidates(version: str) -> list[Path]:
    """Where a Python of a version may be: what uv finds or has installed, PATH, pyenv."""
    found = [
        answer(find_uv_bin(), "python", "find", "--no-project", "--no-python-downloads", version),
        shutil.which(f"python{version}") or "",
    ]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    return [*map(Path, filter(None, found)), *sorted(pyenv.glob(f"versions/{version}.*/bin/python"))]


def answer(*command: str) -> str:
    """What a program prints; nothing where it fails."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def compile_tree(folder: Path, python: Path, *options: str) -> None:
    """Compile every module below a folder, to the same bytes every time.

    Args:
        options: further ones of the compiler's.

    Raises:
        ConfigurationError: a module has an error in its syntax; the message has it.
    """
    done = subprocess.run(
        [python, "-S", "-B", COMPILER, folder, TASK_ROOT, *options],
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ConfigurationError(f"{python} does not compile what the bundles hold: {done.stderr.strip()}")


if __name__ == "__main__":
    try:
        print(*interpreter(python_version()))
    except ConfigurationError as error:
        sys.exit(error.detail)
