"""What a deployment uploads is never older than what it is made of."""

import json
import os
from pathlib import Path

import pytest

from infra.aws import bundles, osls
from infra.aws.osls import DeploymentError
from shared import table
from shared.errors import ConfigurationError

PACKAGE = "package:\n\t@touch made build/lambda/arm64/*.zip\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sources, bundles of them, and a `make package` that renews those."""
    monkeypatch.setattr(bundles, "ROOT", tmp_path)
    for source in bundles.SOURCES:
        path = tmp_path / source
        if path.suffix:
            path.touch()
        else:
            path.mkdir(parents=True)
            (path / "main.py").touch()
    (tmp_path / "Makefile").write_text(PACKAGE)
    (tmp_path / "build/lambda/arm64").mkdir(parents=True)
    for name in table.load():
        (tmp_path / f"build/lambda/arm64/{name}.zip").touch()
    return tmp_path


def age(path: Path, seconds: float) -> None:
    moment = path.stat().st_mtime + seconds
    os.utime(path, (moment, moment))


def test_bundles_that_are_newer_than_their_sources_are_taken_as_they_are(tree: Path) -> None:
    bundles.ready()
    assert not (tree / "made").exists()


def test_a_bundle_that_is_missing_is_made(tree: Path) -> None:
    (tree / "build/lambda/arm64/health.zip").unlink()
    bundles.ready()
    assert (tree / "made").exists()


@pytest.mark.parametrize("source", ["shared/main.py", "functions/main.py", "serverless.yml", "requirements.lock"])
def test_bundles_are_made_again_when_a_source_has_changed(tree: Path, source: str) -> None:
    age(tree / source, 60)
    bundles.ready()
    assert (tree / "made").exists()


def test_compiled_python_is_no_source(tree: Path) -> None:
    (tree / "shared/main.pyc").touch()
    age(tree / "shared/main.pyc", 60)
    bundles.ready()
    assert not (tree / "made").exists()


def test_bundles_that_cannot_be_made_stop_the_deployment(tree: Path) -> None:
    (tree / "Makefile").write_text("package:\n\t@false\n")
    age(tree / "serverless.yml", 60)
    with pytest.raises(DeploymentError, match="make package failed with status 2"):
        bundles.ready()


def test_the_lock_file_names_versions_and_hashes_and_no_registry() -> None:
    packages = json.loads(osls.LOCK.read_text())["packages"]
    osls_itself = packages["node_modules/osls"]
    assert osls_itself["version"] == json.loads((osls.ROOT / "package.json").read_text())["devDependencies"]["osls"]
    assert all("integrity" in one and "resolved" not in one for name, one in packages.items() if name)


def test_an_osls_that_fails_stops_the_deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".bin").mkdir()
    (tmp_path / ".bin" / "osls").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / ".bin" / "osls").chmod(0o755)
    monkeypatch.setattr(osls, "MODULES", tmp_path)
    monkeypatch.setattr(osls, "install", lambda: None)
    with pytest.raises(DeploymentError, match="osls deploy failed with status 3"):
        osls.run("deploy", env={})


def test_a_machine_without_npm_is_told_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osls, "STAMP", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="npm is not installed"):
        osls.install()
