from pathlib import Path

import pytest

from tests.deploy.aws import stack
from tests.deploy.aws.stack import Stack


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
