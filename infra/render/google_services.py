"""One Cloud Run service a function, in the shape of Google's REST API (v2, `Service`); infra/gcp/apply.py applies it.

Its `buildConfig` says what to build from what. It starts no build by itself: that is a call of its own
(`projects.locations.builds.submit`). Cloud Run's own check of the caller is off, since it takes the signature of the
token away, and every path has a guard (shared/auth.py) that reads it.

Sources: cloud.google.com/run/docs/reference/rest/v2/projects.locations.services;
cloud.google.com/run/docs/troubleshooting#signature-removed.
"""

import re
from pathlib import Path
from typing import Any

from infra.gcp import names
from infra.gcp.names import NUMBER, PROJECT, REGION, SOURCE
from infra.render.documents import document
from shared import table
from shared.errors import ConfigurationError
from shared.table import Entry

FOLDER = Path("infra/gcp/services")
RUNTIME = "python312"
TARGET = "main"  # `main, handler = entrypoint(app)`
BASE_IMAGE = f"{REGION}-docker.pkg.dev/serverless-runtimes/google-22-full/runtimes/{RUNTIME}"
TASK_INSTANCES = 3  # the tick's own run, one before it that still works, one that somebody asked for
HTTP_INSTANCES = 10  # each with DB_POOL_MAX connections of the database at most
HTTP_CONCURRENCY = 80  # calls at once in an instance, Cloud Run's own default; a run of a task has one for itself
AWS_ALONE = ("SES_CONFIGURATION_SET", "SES_TOPIC_ARN")  # settings that mean nothing here
PLAIN = re.compile(r"[^$]*|\$\{env:\w+, '[^'$]*'\}")  # what can be said here: a value, or one that the deployer may set


def files() -> dict[Path, str]:
    return {FOLDER / f"{entry.name}.yaml": document(service(entry)) for entry in table.load().values()}


def service(entry: Entry) -> dict[str, Any]:
    return {
        "description": entry.description,
        "labels": dict(names.LABELS),
        "ingress": "INGRESS_TRAFFIC_ALL",
        "invokerIamDisabled": True,
        "buildConfig": build(entry),
        "template": template(entry),
        "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
    }


def image(entry: Entry) -> str:
    return f"{REGION}-docker.pkg.dev/{PROJECT}/{names.REPOSITORY}/{entry.name}:{SOURCE}"


def build(entry: Entry) -> dict[str, Any]:
    """Google's buildpack for functions; its base image is renewed under the running service."""
    return {
        "functionTarget": TARGET,
        "sourceLocation": f"gs://{names.BUCKET}/{entry.name}/{SOURCE}.zip",
        "imageUri": image(entry),
        "baseImage": BASE_IMAGE,
        "enableAutomaticUpdates": True,
    }


def template(entry: Entry) -> dict[str, Any]:
    task = bool(entry.schedules)
    return {
        "serviceAccount": names.email(names.account(entry.name)),
        "timeout": f"{entry.timeout}s",
        "maxInstanceRequestConcurrency": 1 if task else HTTP_CONCURRENCY,
        "scaling": {"minInstanceCount": 0, "maxInstanceCount": TASK_INSTANCES if task else HTTP_INSTANCES},
        "containers": [container(entry)],
    }


def container(entry: Entry) -> dict[str, Any]:
    return {
        "image": image(entry),
        "baseImageUri": BASE_IMAGE,
        "resources": {
            "limits": {"cpu": "1", "memory": f"{entry.memory}Mi"},
            "cpuIdle": True,  # paid for while it answers
            "startupCpuBoost": True,
        },
        "env": environment(entry),
    }


def environment(entry: Entry) -> list[dict[str, Any]]:
    """Settings by name, as the API gives them back; secrets by reference."""
    own = platform(entry)
    values = {**plain(entry, {*entry.secrets, *AWS_ALONE, *own}), **own}
    rows: list[dict[str, Any]] = [{"name": name, "value": value} for name, value in values.items()]
    rows += [{"name": name, "valueSource": {"secretKeyRef": kept(name)}} for name in entry.secrets]
    return sorted(rows, key=lambda row: str(row["name"]))


def kept(setting: str) -> dict[str, str]:
    """Where the value is; the version is fixed when it is applied, so that a new one makes a new revision."""
    return {"secret": names.secret(setting), "version": "latest"}


def plain(entry: Entry, others: set[str]) -> dict[str, str]:
    """The table's own settings, but those others.

    Raises:
        ConfigurationError: one is written so that only AWS can read it.
    """
    values = {name: value for name, value in entry.environment.items() if name not in others}
    strange = [name for name, value in values.items() if not PLAIN.fullmatch(value)]
    if strange:
        raise ConfigurationError(
            f"{entry.name} in serverless.yml: {', '.join(strange)} can be read by AWS alone. Write a value or "
            "${env:NAME, 'default'}, or name it in AWS_ALONE of infra/render/google_services.py."
        )
    return values


def platform(entry: Entry) -> dict[str, str]:
    """What the function has to know of the place where it runs."""
    values = {"FUNCTION_TARGET": TARGET, "FUNCTION_USE_ASGI": "true", "TIMEOUT_SECONDS": str(entry.timeout)}
    if entry.schedules:
        values["OIDC_AUDIENCE"] = names.origin(entry.name)
        values["OIDC_SERVICE_ACCOUNT"] = names.email(names.SCHEDULER)
    if "FAN_OUT_QUEUE" in entry.environment:
        values["FAN_OUT_QUEUE"] = "${env:FAN_OUT_QUEUE, ''}"  # of Cloud Tasks, which calls the function at its address
    if {"FUNCTIONS_BASE_URL", "FAN_OUT_QUEUE"} & entry.environment.keys():
        values["FUNCTIONS_BASE_URL"] = f"https://{names.service('{name}')}-{NUMBER}.{REGION}.run.app"
    return values
