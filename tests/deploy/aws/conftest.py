import fcntl
from pathlib import Path

import pytest

from infra.aws import osls
from tests.deploy.aws import stack
from tests.deploy.aws.stack import Stack
from tests.system import require


@pytest.fixture(scope="session")
def installed() -> None:
    """osls, in node_modules; workers wait for the one that installs it."""
    require("npm")
    (osls.ROOT / "build").mkdir(exist_ok=True)
    with (osls.ROOT / "build" / "osls.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        osls.install()


@pytest.fixture(scope="session")
def deployed(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """As a stage would be deployed: mail goes by SES, alarms go by mail."""
    folder = stack.house(tmp_path_factory.mktemp("deployed"))
    return stack.package(folder, MAIL_DOMAIN="example.com", ALARMS_TO="night@example.com")


@pytest.fixture(scope="session")
def bare(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """With nothing set, but for traces."""
    return stack.package(stack.house(tmp_path_factory.mktemp("bare")), XRAY="true")


@pytest.fixture
def house(installed: None, tmp_path: Path) -> Path:
    return stack.house(tmp_path)
