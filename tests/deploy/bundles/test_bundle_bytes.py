"""The same bytes every time, and no more of them than Lambda takes. Building reaches the package registry."""

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli import app
from infra.package import sizes
from infra.package.bytecode import interpreter

pytestmark = [pytest.mark.registry, pytest.mark.timeout(300)]  # the first one builds every bundle


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_bundle_that_is_built_alone_elsewhere_has_the_same_bytes(bundles: Path, tmp_path: Path) -> None:
    words = ["package", "--only", "stripe-webhook", "--arch", "arm64", "--arch", "gcp", "--json"]
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    told = {one["platform"]: one["sha256"] for one in json.loads(done.stdout)}
    assert told == {
        "arm64": digest(bundles / "lambda" / "arm64" / "stripe-webhook.zip"),
        "gcp": digest(bundles / "gcp" / "stripe-webhook.zip"),
    }


def test_a_bundle_over_a_limit_is_refused_by_name(bundles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "UNPACKED", sizes.MIB)
    done = CliRunner().invoke(app, ["package", "--only", "health", "--arch", "x86_64", "--out", str(bundles)])
    assert done.exit_code == 1
    assert "health for x86_64 has" in done.stderr
    assert "unpacked; Lambda takes 1.00 MiB." in done.stderr


def test_the_table_of_sizes_names_the_bundles_and_the_limits(bundles: Path) -> None:
    done = CliRunner().invoke(app, ["package", "--only", "health", "--arch", "arm64", "--out", str(bundles)])
    assert done.exit_code == 0, done.output
    assert "50.00 MiB zipped and 250.00 MiB unpacked" in done.stdout
    assert "arm64" in done.stdout


def test_a_function_or_platform_that_is_not_there_is_named() -> None:
    for words in (["--only", "nothing"], ["--arch", "sparc"]):
        done = CliRunner().invoke(app, ["package", *words])
        assert done.exit_code == 1
        assert words[1] in done.stderr


def test_without_the_runtimes_python_the_next_step_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.package.bytecode.candidates", lambda _version: [])
    interpreter.cache_clear()
    done = CliRunner().invoke(app, ["package", "--only", "health", "--out", str(tmp_path)])
    interpreter.cache_clear()
    assert done.exit_code == 1
    assert "uv python install 3.12" in done.stderr
