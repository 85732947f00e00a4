"""Installs the other queues, apart from our own environment, once per list of versions."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
HOME = ROOT / ".nightshift" / "bench"
PYTHON = HOME / "venv" / "bin" / "python"
NODE = HOME / "node" / "node_modules" / ".bin" / "node"
REQUIREMENTS = HERE / "requirements-peers.txt"
PACKAGE = HERE / "peers" / "package.json"
PATIENCE = 600.0  # seconds for one installation


def python() -> str | None:
    """Install the peers of PyPI; why that failed, if it did."""
    venv = PYTHON.parents[1]
    return once(
        venv,
        REQUIREMENTS,
        [sys.executable, "-m", "venv", "--clear", str(venv)],
        [str(PYTHON), "-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS)],
    )


def node() -> str | None:
    """Install the peers of npm, and the Node that they want; why that failed, if it did."""
    folder = HOME / "node"
    if shutil.which("npm") is None:
        return "npm is not installed"
    folder.mkdir(parents=True, exist_ok=True)
    for file in (PACKAGE, *PACKAGE.parent.glob("*.mjs")):  # Node looks for packages beside a script
        shutil.copy(file, folder)
    npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", "--prefix", str(folder)]
    return once(folder, PACKAGE, npm)


def once(folder: Path, versions: Path, *commands: Sequence[str]) -> str | None:
    """Run an installation unless it was done for these versions; the end of what it said if it failed."""
    stamp, wanted = folder / "ready", hashlib.sha256(versions.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return None
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
        if done.returncode:
            return f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-300:]}"
    stamp.write_text(wanted)
    return None
