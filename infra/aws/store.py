"""The stage's secret in Secrets Manager: read and checked before a deployment, written from the environment.

Its values are never printed; keys are.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError
from pydantic import TypeAdapter, ValidationError

from infra.aws.account import client
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
            text = self.manager.get_secret_value(SecretId=self.name)["SecretString"]
            return TypeAdapter(Values).validate_json(text)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ResourceNotFoundException":
                raise NotFoundError(f"There is no secret {self.name} in {self.region}. {self.advice}") from None
            raise ConfigurationError(f"The secret {self.name} cannot be read ({code}).") from None
        except (KeyError, ValidationError):
            raise ConfigurationError(f"The secret {self.name} is not a JSON object of texts. {self.advice}") from None

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
        held = self.held()
        told = {key: "set" if given.get(key) else "kept" if held.get(key, BLANK).strip() else "not set" for key in keys}
        values = {**held, **{key: given.get(key) or held.get(key) or BLANK for key in told}}
        self.write(values, new=not held)
        return told

    def held(self) -> Values:
        """What there is; nothing before the first time."""
        try:
            return self.read()
        except NotFoundError:
            return {}

    def write(self, values: Values, *, new: bool) -> None:
        text: dict[str, Any] = {"SecretString": json.dumps(values)}
        if new:
            self.manager.create_secret(Name=self.name, Description="Nightshift's secrets, one key each", **text)
        else:
            self.manager.put_secret_value(SecretId=self.name, **text)
