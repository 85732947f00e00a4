"""The table of functions: `serverless.yml`, read and typed. Schedules, triggers and pages follow from it."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from shared.errors import ConfigurationError, NotFoundError
from shared.schedule import Schedule
from shared.settings import Model

TABLE = Path(__file__).resolve().parents[1] / "serverless.yml"
FROM_STORE = "${{self:custom.secret.{}}}"  # how the table writes a setting that the cloud's secret store keeps


def folder_of(name: str) -> str:
    """The folder of a deployed name: `deliver-responses` lives in `functions/deliver_responses`."""
    return name.replace("-", "_")


class Entry(Model):
    """One function.

    Attributes:
        name: the deployed name, also the first segment of its URLs.
        folder: its package under `functions/`.
        description: one plain sentence.
        timeout: seconds.
        memory: MiB.
        reserved: how many may run at once, kept free of others; None for as many as the account has left.
        retries: how often AWS repeats an event whose run failed; None for what no event triggers.
        event_age: seconds after which AWS gives an event up.
        schedules: empty for what only answers HTTP.
        paths: URL paths as the table has them, such as `/admin/{proxy+}`.
        environment: the settings that it is given, those of every function among them, as the table writes them.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")
    handler: str
    description: str = Field(pattern=r"^[A-Z].*\.$")
    timeout: int = Field(ge=1, le=900)
    memory: int = Field(alias="memorySize", ge=128, le=10240)
    reserved: int | None = Field(None, alias="reservedConcurrency", ge=1)
    retries: int | None = Field(None, alias="maximumRetryAttempts", ge=0, le=2)
    event_age: int | None = Field(None, alias="maximumEventAge", ge=60, le=21600)
    schedules: tuple[Schedule, ...] = ()
    paths: tuple[str, ...] = ()
    environment: Mapping[str, str] = Field(default_factory=dict)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Those of its settings that come from the cloud's secret store."""
        return tuple(name for name, value in self.environment.items() if value == FROM_STORE.format(name))

    @property
    def folder(self) -> str:
        return folder_of(self.name)

    @model_validator(mode="after")
    def consistent(self) -> "Entry":
        """Hold the one rule that joins name, folder and URL."""
        if self.handler != f"functions/{self.folder}/main.handler":
            raise ValueError(f"handler must be functions/{self.folder}/main.handler")
        strays = [path for path in self.paths if not re.match(rf"/{self.name}(/|$)", path)]
        if strays:
            raise ValueError(f"path {strays[0]} must start with /{self.name}")
        if (self.retries is None) != (self.event_age is None):
            raise ValueError("maximumRetryAttempts and maximumEventAge go together")
        return self

    @field_validator("paths", mode="before")
    @classmethod
    def without_method(cls, routes: Any) -> tuple[str, ...]:
        """`POST /name` and `{method, path}` both name a path."""
        return tuple(route["path"] if isinstance(route, dict) else str(route).split()[-1] for route in routes)


def expressions(event: Any) -> list[str]:
    """The expressions of one `schedule` event: a string, or a mapping with `rate`."""
    rate = event["rate"] if isinstance(event, dict) else event
    return rate if isinstance(rate, list) else [rate]


def entry(name: str, row: dict[str, Any], common: Mapping[str, str] | None = None) -> Entry:
    """Read one function's row; `common` is the environment of every function.

    Raises:
        ConfigurationError: names the function and everything that is wrong with its row.
    """
    try:
        events = [pair for event in row.get("events", []) for pair in event.items()]
        texts = [text for kind, event in events if kind == "schedule" for text in expressions(event)]
        routes = [event for kind, event in events if kind == "httpApi"]
        schedules = [{"expression": text} for text in texts]
        environment = {**(common or {}), **row.get("environment", {})}
        return Entry.model_validate(
            {**row, "name": name, "schedules": schedules, "paths": routes, "environment": environment}
        )
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'row'}: {e['msg']}" for e in error.errors())
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        faults = f"it does not have the shape of a function ({error!r})"
    raise ConfigurationError(f"Function {name} in serverless.yml: {faults}")


@cache
def load(path: Path = TABLE) -> dict[str, Entry]:
    """Every function by its deployed name, in the order of the table.

    Raises:
        ConfigurationError: the file is missing or unreadable, or a row is wrong.
    """
    try:
        document = yaml.safe_load(path.read_text())
        rows, common = document["functions"], document.get("provider", {}).get("environment", {})
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path} is not a table of functions: {error}") from None
    return {name: entry(name, row, common) for name, row in rows.items()}


def lookup(name: str) -> Entry:
    """The function of a deployed name.

    Raises:
        NotFoundError: there is none; names those that there are.
    """
    try:
        return load()[name]
    except KeyError:
        raise NotFoundError(f"There is no function {name!r}. There are: {', '.join(load())}.") from None


def tasks() -> list[Entry]:
    """The functions that a schedule triggers."""
    return [row for row in load().values() if row.schedules]


def secrets() -> list[str]:
    """The settings that the cloud's secret store keeps, each once, in the order in which the table names them."""
    return list(dict.fromkeys(name for row in load().values() for name in row.secrets))
