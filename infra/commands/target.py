"""What a command works on: the running local stack, or what the environment names."""

import os
from dataclasses import dataclass

from infra.local.environment import Ports, environment, first, settings_of
from infra.local.state import State, default_home, read
from shared.errors import ConfigurationError


@dataclass(frozen=True)
class Target:
    """The settings in force for a command.

    Attributes:
        env: settings by the names of their environment variables.
        stack: the local stack, if it runs.
    """

    env: dict[str, str]
    stack: State | None

    @property
    def database_url(self) -> str:
        return self._need("DATABASE_URL")

    @property
    def base_url(self) -> str:
        return self._need("FUNCTIONS_BASE_URL").rstrip("/")

    @property
    def service_key(self) -> str:
        return first(self._need("SERVICE_KEYS"))

    def _need(self, name: str) -> str:
        if name not in self.env:
            raise ConfigurationError(f"{name} is not set, and no local stack runs. Set it, or start one: make up")
        return self.env[name]


def target() -> Target:
    """Find out what to work on.

    Raises:
        ConfigurationError: the local stack was started with settings that this shell does not have.
    """
    given, home = settings_of(os.environ), default_home()
    stack = read(home)
    if stack is None or not stack.running:
        return Target(given, None)
    unknown = [name for name in stack.given if name not in given]
    if unknown:
        raise ConfigurationError(f"The stack was started with {', '.join(unknown)}. Set the same here.")
    return Target(environment(given, Ports(**stack.ports), home), stack)
