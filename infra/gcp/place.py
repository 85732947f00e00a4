"""Where a deployment goes, and what its documents' placeholders stand for there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from shared.errors import ConfigurationError

HERE = Path(__file__).resolve().parent
SERVICES, JOBS = HERE / "services", HERE / "jobs"
PLACEHOLDER = re.compile(r"\$\{(?:env:(\w+), '([^']*)'|(\w+))\}")


@dataclass(frozen=True)
class Place:
    """A project and a region of it.

    Attributes:
        number: the project's.
        environment: the deployer's own, for the settings that the table lets them set.
    """

    project: str
    number: str
    region: str
    environment: Mapping[str, str]

    @property
    def parent(self) -> str:
        return f"projects/{self.project}/locations/{self.region}"

    def filled(self, value: Any, **more: str) -> Any:
        """A document, or a part of one, without placeholders.

        Raises:
            ConfigurationError: nobody knows what one of them stands for.
        """
        if isinstance(value, dict):
            return {name: self.filled(part, **more) for name, part in value.items()}
        if isinstance(value, list):
            return [self.filled(part, **more) for part in value]
        return PLACEHOLDER.sub(lambda found: self.meaning(found, more), value) if isinstance(value, str) else value

    def meaning(self, found: re.Match[str], more: Mapping[str, str]) -> str:
        setting, default, name = found.groups()
        if setting:
            return self.environment.get(setting) or default
        known = {"PROJECT": self.project, "NUMBER": self.number, "REGION": self.region, **more}
        if name not in known:
            raise ConfigurationError(f"{found[0]} in a document of infra/gcp stands for nothing: run `make render`.")
        return known[name]


def documents(folder: Path) -> dict[str, dict[str, Any]]:
    """The rendered documents of a folder by their files' names, placeholders and all."""
    return {path.stem: yaml.safe_load(path.read_text()) for path in sorted(folder.glob("*.yaml"))}
