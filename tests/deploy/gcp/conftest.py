from collections.abc import Iterator
from pathlib import Path

import pytest
from google.api_core.retry import Retry
from google.auth.credentials import AnonymousCredentials

from infra.gcp import secret_manager
from infra.gcp.google import Google
from infra.gcp.place import SERVICES, documents
from tests.deploy.gcp.deployer import Deployer
from tests.deploy.gcp.fake_google import FakeGoogle
from tests.deploy.gcp.fake_wire import Server


@pytest.fixture
def fake() -> FakeGoogle:
    """A project in which people have given the secrets that are needed their values."""
    made = FakeGoogle()
    needed = ("database-url", "service-keys", "smtp-url", "telegram-bot-token")
    made.versions |= {f"nightshift-{name}": ["ENABLED"] for name in needed}
    return made


@pytest.fixture
def bundles(tmp_path: Path) -> Path:
    """The functions as `make package` leaves them; no deployment looks into them."""
    for function in documents(SERVICES):
        (tmp_path / f"{function}.zip").write_bytes(f"packed: {function}".encode())
    return tmp_path


@pytest.fixture
def deployer(fake: FakeGoogle, bundles: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployer]:
    at_once = Retry(predicate=secret_manager.UNTIL_KNOWN._predicate, initial=0.01, maximum=0.01, timeout=10.0)
    monkeypatch.setattr(secret_manager, "UNTIL_KNOWN", at_once)
    with Server(fake) as server:
        yield Deployer(fake, Google(AnonymousCredentials(), server.url, look=0.0), bundles)
