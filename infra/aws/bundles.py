"""The bundles that a deployment uploads: made by `make package`, again when what is in them has changed."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import yaml

from infra.aws.osls import ROOT, check
from shared import table

SOURCES = ("functions", "shared", "infra/package", "serverless.yml", "requirements.txt", "requirements.lock")


def ready() -> None:
    """Make the bundles if one is missing or older than its sources.

    Raises:
        DeploymentError: they could not be made.
    """
    if not current():
        check("make package", subprocess.run(["make", "package"], cwd=ROOT, check=False).returncode)


def current() -> bool:
    made = [bundle.stat().st_mtime if bundle.exists() else 0.0 for bundle in bundles()]
    return min(made) >= max(file.stat().st_mtime for file in sources())


def bundles() -> Iterator[Path]:
    architecture = yaml.safe_load(table.TABLE.read_text())["provider"]["architecture"]
    return (ROOT / "build" / "lambda" / architecture / f"{name}.zip" for name in table.load())


def sources() -> Iterator[Path]:
    for source in SOURCES:
        path = ROOT / source
        yield from (file for file in path.rglob("*") if file.suffix != ".pyc") if path.is_dir() else [path]
