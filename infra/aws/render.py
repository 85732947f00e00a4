"""The parts of the template that follow from the table."""

from pathlib import Path

from infra.aws import alarms, roles, schedules, secret
from infra.aws.cloudformation import written
from shared import table

FOLDER = Path("infra/aws/rendered")


def files() -> dict[Path, str]:
    """Every rendered file, by its path below the root, and what it has to say."""
    rows = table.load()
    documents = {
        "secret": secret.template(table.secrets()),
        "roles": roles.template(rows),
        "schedules": schedules.template(rows),
        "alarms": alarms.template(rows),
    }
    return {FOLDER / f"{name}.yml": written(name, document) for name, document in documents.items()}
