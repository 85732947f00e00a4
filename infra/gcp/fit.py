"""The rendered services, fitted to one project: placeholders, sources, and the secrets that have a value."""

from collections.abc import Mapping
from typing import Any

from infra.gcp import names
from infra.gcp.place import Place
from shared.errors import ConfigurationError

Document = dict[str, Any]


def service(document: Document, place: Place, key: str, versions: Mapping[str, str]) -> Document:
    """A service of this project.

    Args:
        key: its source's.
        versions: by setting, of the secrets that have a value; a setting that is empty counts as not set.
    """
    fitted: Document = place.filled(document, SOURCE=key)
    for container in fitted["template"]["containers"]:
        container["env"] = [one for row in container["env"] if (one := variable(row, versions))]
    return fitted


def variable(row: Document, versions: Mapping[str, str]) -> Document | None:
    if "valueSource" not in row:
        return row if row["value"] else None
    if row["name"] not in versions:
        return None
    kept = {**row["valueSource"]["secretKeyRef"], "version": versions[row["name"]]}
    return {"name": row["name"], "valueSource": {"secretKeyRef": kept}}


def readers(documents: Mapping[str, Document]) -> dict[str, list[str]]:
    """The functions that read each secret, by its setting."""
    found: dict[str, list[str]] = {}
    for function, document in documents.items():
        for row in rows(document):
            if "valueSource" in row:
                found.setdefault(row["name"], []).append(function)
    return found


def rows(document: Document) -> list[Document]:
    env: list[Document] = document["template"]["containers"][0]["env"]
    return env


def check(documents: Mapping[str, Document], place: Place, versions: Mapping[str, str]) -> None:
    """Refuse what could not send a single email.

    Raises:
        ConfigurationError: the provider cannot work here, or its secret has no value.
    """
    secrets = {"smtp": "SMTP_URL", "resend": "RESEND_API_KEY"}
    for document in documents.values():
        for row in rows(document):
            if row["name"] != "EMAIL_PROVIDER":
                continue
            provider = place.filled(row["value"])
            if provider not in secrets:
                raise ConfigurationError(
                    f"EMAIL_PROVIDER={provider} needs credentials of AWS, which Google's functions do not have: "
                    "set EMAIL_PROVIDER=smtp (SES speaks SMTP, too) or EMAIL_PROVIDER=resend."
                )
            if secrets[provider] not in versions:
                raise ConfigurationError(
                    f"EMAIL_PROVIDER={provider} needs {names.secret(secrets[provider])}: add its value."
                )
