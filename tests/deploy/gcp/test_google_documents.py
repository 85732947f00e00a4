"""The rendered documents of Google's, read by Google's own message classes."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import json_format

from infra.gcp import cloud_run, cloud_scheduler, names
from infra.gcp.place import JOBS, SERVICES, documents
from infra.render import google_jobs, google_services
from shared import table
from shared.errors import ConfigurationError
from shared.schedule import Schedule
from shared.table import Entry

FUNCTIONS, SCHEDULES = documents(SERVICES), documents(JOBS)
ROW = {"handler": "functions/work/main.handler", "description": "Works.", "timeout": 60, "memorySize": 128}


def entry(*, timeout: int = 60, environment: dict[str, str] | None = None, expression: str = "rate(1 hour)") -> Entry:
    row = {**ROW, "timeout": timeout, "environment": environment or {}, "schedules": [{"expression": expression}]}
    return Entry.model_validate({**row, "name": "work"})


def env(document: dict[str, Any]) -> dict[str, Any]:
    return {row["name"]: row for row in document["template"]["containers"][0]["env"]}


def test_there_is_a_service_for_each_function_and_a_job_for_each_schedule() -> None:
    assert FUNCTIONS.keys() == table.load().keys()
    assert len(SCHEDULES) == sum(len(row.schedules) for row in table.tasks())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_service_is_one_to_google(name: str) -> None:
    service = cloud_run.message(FUNCTIONS[name])
    row = table.lookup(name)
    [container] = service.template.containers
    assert FUNCTIONS[name]["template"]["timeout"] == f"{row.timeout}s"
    assert container.resources.limits["memory"] == f"{row.memory}Mi"
    assert service.build_config.function_target == "main"
    assert container.image == service.build_config.image_uri
    assert container.base_image_uri == service.build_config.base_image


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_job_is_one_to_google(name: str) -> None:
    job = cloud_scheduler.message(SCHEDULES[name])
    assert job.time_zone == "Etc/UTC"
    assert 15 <= int(SCHEDULES[name]["attemptDeadline"].removesuffix("s")) <= 1800
    assert 0 <= job.retry_config.retry_count <= 5
    assert job.http_target.oidc_token.audience == job.http_target.uri.rsplit("/", 1)[0]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: document.update(timeOut="60s"),
        lambda document: document.update(ingress="INGRESS_TRAFFIC_SOME"),
        lambda document: document["template"].update(timeout="a minute"),
        lambda document: document["template"]["containers"][0].update(enviroment=[]),
        lambda document: document["template"]["scaling"].update(maxInstanceCount="many"),
    ],
    ids=["name", "enumeration", "duration", "nested", "number"],
)
def test_what_no_service_has_is_found(spoil: Any) -> None:
    document = yaml.safe_load((SERVICES / "health.yaml").read_text())
    spoil(document)
    with pytest.raises(json_format.ParseError):
        cloud_run.message(document)


def test_a_function_gets_the_settings_that_the_table_gives_it_and_no_others() -> None:
    google = {"FUNCTION_TARGET", "FUNCTION_USE_ASGI", "TIMEOUT_SECONDS", "OIDC_AUDIENCE", "OIDC_SERVICE_ACCOUNT"}
    for name, document in FUNCTIONS.items():
        row = table.lookup(name)
        given = env(document)
        addressed = (
            {"FUNCTIONS_BASE_URL"} if "FAN_OUT_QUEUE" in row.environment else set()
        )  # Cloud Tasks calls it there
        assert given.keys() - google - addressed == row.environment.keys() - set(google_services.AWS_ALONE)
        assert {setting for setting in given if "valueSource" in given[setting]} == set(row.secrets)
        assert ("OIDC_AUDIENCE" in given) == bool(row.schedules)


def test_a_function_knows_how_long_it_may_take() -> None:
    assert all(
        env(document)["TIMEOUT_SECONDS"]["value"] == document["template"]["timeout"][:-1]
        for document in FUNCTIONS.values()
    )


def test_google_runs_the_python_that_the_table_names() -> None:
    provider = yaml.safe_load(table.TABLE.read_text())["provider"]
    assert provider["runtime"].replace(".", "") == google_services.RUNTIME


def test_names_are_as_long_as_google_lets_them_be() -> None:
    assert all(len(names.service(name)) < 50 for name in FUNCTIONS)  # Cloud Run's own limit
    assert all(6 <= len(names.account(name)) <= 30 for name in FUNCTIONS)
    with pytest.raises(ConfigurationError, match="ns-a-name-of-more-than-thirty"):
        names.account("a-name-of-more-than-thirty-letters")


@pytest.mark.parametrize(
    ("timeout", "expression", "count"),
    [
        (90, "rate(1 minute)", 0),
        (240, "rate(5 minutes)", 0),
        (900, "rate(5 minutes)", 0),
        (900, "rate(1 hour)", 2),
        (600, "rate(1 hour)", 4),
        (900, "cron(0 0 * * ? *)", 5),
        (600, "cron(0 0,1 * * ? *)", 4),
    ],
)
def test_a_call_is_repeated_as_often_as_ends_before_the_next_tick(timeout: int, expression: str, count: int) -> None:
    row = entry(timeout=timeout, expression=expression)
    retries = google_jobs.retries(row, Schedule(expression=expression))
    assert retries == {"retryCount": count, "minBackoffDuration": "60s", "maxBackoffDuration": "60s"}


def test_a_quick_function_is_waited_for_as_long_as_google_wants_to_wait_at_least() -> None:
    assert google_jobs.job(entry(timeout=5), 1, Schedule(expression="rate(1 hour)"))["attemptDeadline"] == "15s"


def test_a_setting_that_only_aws_can_read_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"work in serverless\.yml: TOPIC can be read by AWS alone"):
        google_services.service(entry(environment={"TOPIC": "arn:aws:sns:${aws:region}:topic", "LEVEL": "INFO"}))


def test_no_file_holds_a_value_that_people_keep_secret() -> None:
    written = "".join(path.read_text() for folder in (SERVICES, JOBS) for path in Path(folder).glob("*.yaml"))
    assert not re.search(r"resolve:|custom\.secret|postgres(ql)?://|sk_|whsec_", written)


def test_where_the_functions_are_is_known_here_whatever_aws_says() -> None:
    row = entry(environment={"FUNCTIONS_BASE_URL": "${env:FUNCTIONS_BASE_URL, self:custom.own-url}"})
    given = env(google_services.service(row))["FUNCTIONS_BASE_URL"]["value"]
    assert given == "https://nightshift-{name}-${NUMBER}.${REGION}.run.app"
