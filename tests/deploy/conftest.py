from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from google.api_core.retry import Retry
from google.auth.credentials import AnonymousCredentials

from infra.gcp import deploy, secret_manager
from infra.gcp.google import Google
from infra.gcp.place import SERVICES, documents
from infra.gcp.refusals import explained
from tests.deploy.fake_google import PROJECT, REGION, FakeGoogle
from tests.deploy.fake_wire import Server


@dataclass
class Deployer:
    """Somebody with a project, who has packed the functions.

    Attributes:
        fake: what Google has.
        said: what the last command has told.
    """

    fake: FakeGoogle
    google: Google
    bundles: Path
    environment: dict[str, str] = field(default_factory=lambda: {"EMAIL_PROVIDER": "smtp"})
    said: list[str] = field(default_factory=list)

    def deploy(self) -> list[str]:
        """Deploy; what Google was asked to change."""
        return self._run(remove=False)

    def remove(self) -> list[str]:
        return self._run(remove=True)

    def _run(self, *, remove: bool) -> list[str]:
        self.fake.writes.clear()
        self.said.clear()
        with explained(PROJECT):
            place = deploy.locate(self.google, PROJECT, REGION, self.environment)
            if remove:
                deploy.remove(self.google, place, self.said.append)
            else:
                deploy.deploy(self.google, place, self.said.append, self.bundles)
        return list(self.fake.writes)


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
