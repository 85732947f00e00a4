"""Somebody who deploys, and what came of it."""

from dataclasses import dataclass, field
from pathlib import Path

from infra.gcp import deploy
from infra.gcp.google import Google
from infra.gcp.refusals import explained
from tests.deploy.gcp.fake_google import PROJECT, REGION, FakeGoogle


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
