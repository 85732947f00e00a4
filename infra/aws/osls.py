"""osls, which deploys serverless.yml: installed as package-lock.json says, in node_modules."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from shared.errors import ConfigurationError, NightshiftError

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "package-lock.json"
MODULES = ROOT / "node_modules"
STAMP = MODULES / ".nightshift"  # the lock file that was installed
INSTALL = ("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")


class DeploymentError(NightshiftError):
    """A tool that takes part in a deployment failed; it has said itself why."""


def install() -> None:
    """Install osls, once for each lock file.

    Raises:
        ConfigurationError: there is no npm.
        DeploymentError: npm failed.
    """
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    if shutil.which("npm") is None:
        raise ConfigurationError(
            "npm is not installed. Install Node 20.19 or newer: osls, which deploys to AWS, needs it."
        )
    check("npm", subprocess.run(INSTALL, cwd=ROOT, check=False).returncode)
    STAMP.write_text(wanted)


def run(*arguments: str, env: Mapping[str, str]) -> None:
    """Run one command of osls; it writes to our own output.

    Raises:
        DeploymentError: it failed.
    """
    install()
    command = [str(MODULES / ".bin" / "osls"), *arguments]
    check(f"osls {arguments[0]}", subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, check=False).returncode)


def check(what: str, status: int) -> None:
    if status:
        raise DeploymentError(f"{what} failed with status {status}. Its own words are above.")
