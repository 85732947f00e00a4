"""Every bundle of the table, built where this run's tests look for them."""

from collections.abc import Callable
from pathlib import Path

from infra.package import aws, google
from infra.package.platform import LAMBDA
from shared import table
from tests.lambda_runtime import ROOT

OUT = ROOT / "build" / "tests"
Unpack = Callable[[str], Path]  # a function's name to the folder of its unpacked bundle


def build_all() -> None:
    entries = list(table.load().values())
    for build in (aws.build(entries, list(LAMBDA.values()), OUT, told), google.build(entries, OUT, told)):
        list(build)


def told() -> None:
    """Nobody watches."""
