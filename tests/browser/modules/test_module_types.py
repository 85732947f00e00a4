"""The modules' types, which stand in their comments, hold."""

import subprocess

from infra.aws import osls


def compiled(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(osls.MODULES / ".bin" / "tsc"), *arguments]
    return subprocess.run(command, cwd=osls.ROOT, capture_output=True, text=True, check=False)  # noqa: S603


def test_the_modules_types_hold(installed: None) -> None:
    done = compiled("--project", "tsconfig.json")
    assert (done.returncode, done.stdout) == (0, "")
