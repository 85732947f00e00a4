"""The stage's secret in Secrets Manager: read and checked before a deployment, written from the environment.

Its values are never printed; keys are.
"""

import json
from collections.abc import Iterable, Mapping

from pydantic import TypeAdapter, ValidationError

from infra.aws.account import answers, client
from infra.aws.secret import PLACE
from shared.errors import ConfigurationError, NotFoundError

BLANK = " "  # a key that nobody uses has to be there too, and settings read blank as not set
NEEDED = ("DATABASE_URL", "SERVICE_KEYS")
Values = dict[str, str]


class Store:
    """One stage's secret."""

    def __init__(self, stage: str, region: str) -> None:
        self.name, self.region, self.manager = PLACE.format(stage=stage), region, client("secretsmanager", region)
        self.advice = f"Set what you use of them in this shell and run: make secrets-aws STAGE={stage}"

    def read(self) -> Values:
        """All values by key.

        Raises:
            NotFoundError: there is no such secret.
            ConfigurationError: it may not be read, or is no JSON object of texts.
        """
        try:
            with answers(f"The secret {self.name} cannot be read"):
                text = self.found()
            return TypeAdapter(Values).validate_json(text)
        except ValidationError:
            raise ConfigurationError(
                f"The secret {self.name} is not a JSON object of texts. Delete it, or correct it in Secrets Manager."
            ) from None

    def found(self) -> str:
        """The secret as it stands there; empty where it is no text."""
        try:
            return str(self.manager.get_secret_value(SecretId=self.name).get("SecretString", ""))
        except self.manager.exceptions.ResourceNotFoundException:
            raise NotFoundError(f"There is no secret {self.name} in {self.region}. {self.advice}") from None

    def checked(self, keys: Iterable[str]) -> Values:
        """All values, once every key of the table is there.

        Raises:
            ConfigurationError: names the keys that are missing, or blank and needed.
        """
        values = self.read()
        if missing := [key for key in keys if key not in values]:
            raise ConfigurationError(f"The secret {self.name} has no {', '.join(missing)}. {self.advice}")
        if blank := [key for key in NEEDED if not values[key].strip()]:
            raise ConfigurationError(f"The secret {self.name} has a blank {', '.join(blank)}. {self.advice}")
        return values

    def renew(self, keys: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
        """Write what is given, keep what is not; of each key what became of it.

        A key is emptied by giving it a blank.
        """
        there = self.there()
        held = there or {}
        told = {key: "set" if given.get(key) else "kept" if held.get(key, BLANK).strip() else "not set" for key in keys}
        values = {**held, **{key: given.get(key) or held.get(key) or BLANK for key in told}}
        with answers(f"The secret {self.name} cannot be written"):
            self.write(json.dumps(values), new=there is None)
        return told

    def there(self) -> Values | None:
        """What there is; None before the first time."""
        try:
            return self.read()
        except NotFoundError:
            return None

    def write(self, text: str, *, new: bool) -> None:
        if new:
            self.manager.create_secret(Name=self.name, Description="Nightshift's secrets by key", SecretString=text)
        else:
            self.manager.put_secret_value(SecretId=self.name, SecretString=text)
