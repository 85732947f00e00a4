"""What Google's buildpack gets: a main.py that its framework serves, and requirements that pip can check."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from infra.package.platform import GOOGLE, python_version
from shared import table

pytestmark = [pytest.mark.registry, pytest.mark.timeout(300)]  # the first one builds every bundle

SERVE = """
import json, sys
from functions_framework import create_app
from starlette.testclient import TestClient
app = create_app(target="main", source="main.py")
answer = TestClient(app).get("/livez")
import shared
print(json.dumps([type(app).__name__, answer.status_code, answer.json(), shared.__file__]))
"""


def requirements(bundles: Path, name: str) -> set[str]:
    lines = (bundles / "gcp" / name / "requirements.txt").read_text().splitlines()
    return {line.partition("==")[0] for line in lines if "==" in line}


def test_the_framework_serves_a_source_folder_by_asgi(bundles: Path) -> None:
    folder = bundles / "gcp" / "health"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-I", "-B", "-c", SERVE], cwd=folder, env={}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["Starlette", 200, {"status": "alive"}, str(folder / "shared" / "__init__.py")]


def test_a_function_requires_what_it_imports_and_the_framework(bundles: Path) -> None:
    assert {"functions-framework", "uvloop", "psycopg-binary", "pyjwt", "starlette"} <= requirements(bundles, "health")
    assert {name for name in table.load() if "boto3" in requirements(bundles, name)} == {"process-email-queue"}
    assert not requirements(bundles, "process-email-queue") & {"pytest", "moto", "alembic", "awslambdaric"}


def test_every_requirement_is_there_with_its_hashes(bundles: Path, tmp_path: Path) -> None:
    listed = bundles / "gcp" / "process-email-queue" / "requirements.txt"
    where = ("--target", str(tmp_path), "--python-platform", GOOGLE.wheels, "--python-version", python_version())
    how = ("--dry-run", "--require-hashes", "--only-binary", ":all:", "--python", sys.executable)
    command = [find_uv_bin(), "pip", "install", *where, *how, "--requirement", str(listed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", table.load())
def test_a_source_folder_is_all_text(bundles: Path, name: str) -> None:
    folder = bundles / "gcp" / name
    suffixes = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert suffixes <= {".py", ".sql", ".lua", ".html", ".css", ".js", ".svg", ".txt", ".yml"}
