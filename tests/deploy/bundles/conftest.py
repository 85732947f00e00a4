"""Every bundle, built once a run and shared by all workers; the Python that they are for."""

import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from infra.package.bytecode import interpreter
from infra.package.platform import python_version
from shared.errors import ConfigurationError
from tests.deploy.bundles.building import OUT, Unpack, build_all
from tests.services import fastest
from tests.system import missing


@pytest.fixture(scope="session")
def python() -> Path:
    """The Python of Lambda's runtime."""
    try:
        return interpreter(python_version())[0]
    except ConfigurationError as error:
        missing(error.detail)
        raise


@pytest.fixture(scope="session")
def bundles(python: Path, testrun_uid: str) -> Path:
    """The folder of all bundles: the first worker to come builds them, and the others wait."""
    OUT.mkdir(parents=True, exist_ok=True)
    with (OUT / "run").open("a+") as run:
        fcntl.flock(run, fcntl.LOCK_EX)
        run.seek(0)
        if run.read() != testrun_uid:
            build_all()
            run.truncate(0)
            run.write(testrun_uid)
    return OUT


@pytest.fixture
def unpack(bundles: Path) -> Iterator[Unpack]:
    """Unpack a function's x86-64 bundle, as Lambda does."""
    with tempfile.TemporaryDirectory(prefix="nightshift-bundle-", dir=fastest()) as folder:

        def unpacked(name: str) -> Path:
            with ZipFile(bundles / "lambda" / "x86_64" / f"{name}.zip") as archive:
                archive.extractall(Path(folder) / name)
            return Path(folder) / name

        yield unpacked
