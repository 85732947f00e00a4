"""What is in a bundle, and what is not. Building them reaches the package registry."""

import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

from infra.package.platform import LAMBDA
from infra.package.sizes import MIB
from shared import table
from shared.table import folder_of
from tests.lambda_runtime import ROOT

pytestmark = [pytest.mark.registry, pytest.mark.timeout(300)]  # the first one builds every bundle

NAMES = list(table.load())
HOT = ("deliver-responses", "process-email-queue", "process-webhook-retries", "stripe-webhook")
HOT_ZIP = 12 * MIB  # the target of a bundle that starts often
OURS = {"functions", "shared", "serverless.yml"}
CALLS = {"process-email-queue": {"sesv2"}, "process-webhook-retries": {"sqs"}, "generate-summaries": {"sqs"}}
SERVERS = {"functions_framework", "starlette", "uvicorn", "gunicorn", "flask", "fastapi"}  # Lambda brings its own
MACHINES = {"x86_64": 62, "arm64": 183}  # e_machine in the head of an ELF file
UNCHECKED = b"\x01\x00\x00\x00"  # PEP 552: a hash that nobody compares with the source


def held(bundles: Path, name: str, platform: str = "x86_64") -> set[str]:
    with ZipFile(bundles / "lambda" / platform / f"{name}.zip") as archive:
        return set(archive.namelist())


def tops(names: set[str]) -> set[str]:
    return {name.partition("/")[0] for name in names}


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_holds_its_own_function_and_no_other_and_nothing_of_ours_that_it_does_not_use(
    bundles: Path, name: str
) -> None:
    files = held(bundles, name)
    folder = folder_of(name)
    own = {path.relative_to(ROOT).as_posix() for path in (ROOT / "functions" / folder).iterdir() if path.is_file()}
    assert own <= files
    functions = {one.split("/")[1] for one in files if one.startswith("functions/")}
    assert functions == {folder, "__init__.py", "__pycache__"}
    assert not tops(files) & ({path.name for path in ROOT.iterdir()} - OURS)
    assert not tops(files) & SERVERS
    assert not [one for one in files if one.startswith("bin/") or "/tests/" in one]


@pytest.mark.parametrize("name", NAMES)
def test_boto3_is_only_where_amazon_is_called_and_knows_no_other_service(bundles: Path, name: str) -> None:
    files = held(bundles, name)
    services = {one.split("/")[2] for one in files if one.startswith("botocore/data/") and one.count("/") > 2}
    assert services == CALLS.get(name, set())
    assert ("boto3" in tops(files)) == (name in CALLS)


def test_what_stands_beside_a_module_travels_with_it_and_what_stands_beside_none_does_not(bundles: Path) -> None:
    files = held(bundles, "deliver-responses")
    wanted = {"shared/limits.lua", "shared/limits.sql", "shared/queue/queue.sql", "shared/templates/base.html"}
    assert wanted <= files
    assert not [one for one in files if one.startswith(("shared/repositories", "shared/stripe"))]


def test_the_table_travels_with_those_who_read_it(bundles: Path) -> None:
    readers = {name for name in NAMES if "serverless.yml" in held(bundles, name)}
    assert readers == {name for name in NAMES if "shared/table.py" in held(bundles, name)}
    assert "admin" in readers
    assert "stripe-webhook" not in readers


@pytest.mark.parametrize("platform", LAMBDA)
def test_every_module_has_bytecode_of_the_runtime_that_needs_no_look_at_its_source(
    bundles: Path, python: Path, platform: str
) -> None:
    magic = subprocess.check_output([python, "-c", "import importlib.util as u; print(u.MAGIC_NUMBER.hex())"])  # noqa: S603
    with ZipFile(bundles / "lambda" / platform / "stripe-webhook.zip") as archive:
        names = set(archive.namelist())
        heads = {archive.read(name)[:8] for name in names if name.endswith(".pyc")}
    assert heads == {bytes.fromhex(magic.decode()) + UNCHECKED}
    ours = {name for name in names if name.endswith(".py")}
    assert tops(ours) == {"functions", "shared"}
    assert {bytecode_of(name) for name in ours} <= names


def bytecode_of(name: str) -> str:
    folder, _, file = name.rpartition("/")
    return f"{folder}/__pycache__/{file.removesuffix('.py')}.cpython-312.pyc"


@pytest.mark.parametrize("name", ["stripe-webhook", "process-email-queue"])
def test_a_bundle_names_files_as_the_runtime_has_them_and_tells_nothing_of_the_machine_that_built_it(
    bundles: Path, name: str
) -> None:
    with ZipFile(bundles / "lambda" / "x86_64" / f"{name}.zip") as archive:
        bodies = {one: archive.read(one) for one in archive.namelist()}
    assert not [one for one, body in bodies.items() if str(ROOT).encode() in body]
    assert b"/var/task/shared/db.py" in bodies["shared/__pycache__/db.cpython-312.pyc"]
    assert b"/var/task/psycopg/pq/misc.py" in bodies["psycopg/pq/misc.pyc"]
    assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("platform", LAMBDA)
@pytest.mark.parametrize("name", NAMES)
def test_compiled_modules_are_for_the_machine_that_loads_them(bundles: Path, name: str, platform: str) -> None:
    with ZipFile(bundles / "lambda" / platform / f"{name}.zip") as archive:
        libraries = [one for one in archive.namelist() if one.endswith(".so") or ".so." in one]
        heads = [archive.read(one)[:20] for one in libraries]
    assert any(one.startswith("psycopg_binary") for one in libraries)
    assert {(head[:4], int.from_bytes(head[18:20], "little")) for head in heads} == {(b"\x7fELF", MACHINES[platform])}


@pytest.mark.parametrize("platform", LAMBDA)
@pytest.mark.parametrize("name", HOT)
def test_the_bundle_of_a_function_that_starts_often_is_small(bundles: Path, name: str, platform: str) -> None:
    assert (bundles / "lambda" / platform / f"{name}.zip").stat().st_size < HOT_ZIP
