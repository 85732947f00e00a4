"""A stage's life on AWS, end to end against moto: secret, deployment, removal, by the commands of the Makefile."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from typer.testing import CliRunner, Result

from infra.aws import account, bundles, osls
from infra.aws.__main__ import app
from infra.aws.store import Store
from infra.migrations import migrate
from shared import table
from shared.errors import ConfigurationError
from tests.deploy.aws.amazon import ACCOUNT, REGION, amazon

SECRETS = {
    "DATABASE_URL": "postgresql://night:hush@db.example/n",
    "SERVICE_KEYS": "k-hush",
    "STRIPE_API_KEY": "sk_hush",
}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A shell of somebody who may deploy."""
    for name in (*table.secrets(), "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with amazon() as url:
        given = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
        other = {"AWS_CONFIG_FILE": "/dev/null", "SLS_AWS_MONITORING_FREQUENCY": "200"}  # ms; osls looks every 5 s
        for name, value in {**given, **other, "EMAIL_FROM": "Night <night@example.com>"}.items():
            monkeypatch.setenv(name, value)
        yield


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def client(service: str) -> Any:
    return account.client(service, REGION)


def write_secret(monkeypatch: pytest.MonkeyPatch, **values: str) -> Result:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return run("secrets", "dev")


def kept() -> dict[str, str]:
    text = client("secretsmanager").get_secret_value(SecretId="nightshift/dev")["SecretString"]
    return dict(json.loads(text))


def template() -> str:
    """What CloudFormation was given."""
    return json.dumps(client("cloudformation").get_template(StackName="nightshift-dev")["TemplateBody"])


def uploads(text: str) -> set[str]:
    return set(re.findall(r'"S3Key": "([^"]+)"', text))


@pytest.mark.filterwarnings("ignore:Tried to parse AWS")  # what moto drops has tests on the template
def test_a_stage_is_deployed_again_rolled_back_and_removed(
    aws: None, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(osls, "ROOT", house)
    monkeypatch.setattr(bundles, "ready", lambda: None)
    write_secret(monkeypatch, **SECRETS)
    done = run("deploy", "dev")
    assert done.exit_code == 0, done.output
    assert all(f"/{name}" in done.output for name in table.load())
    functions = {one["FunctionName"]: one for one in client("lambda").list_functions()["Functions"]}
    assert functions.keys() == {f"nightshift-dev-{name}" for name in table.load()}
    assert len({one["Role"] for one in functions.values()}) == len(functions)
    fired = {rule["Name"]: rule["ScheduleExpression"] for rule in client("events").list_rules()["Rules"]}
    assert sorted(fired.values()) == sorted(each.expression for row in table.tasks() for each in row.schedules)
    queues = {"failed-events", "more-recaps", "more-webhook-retries"}
    assert {url.rpartition("nightshift-dev-")[2] for url in client("sqs").list_queues()["QueueUrls"]} == queues
    assert len(client("sns").list_topics()["Topics"]) == 2
    first = template()
    assert "hush" not in first

    write_secret(monkeypatch, SERVICE_KEYS="k-new")
    assert run("deploy", "dev").exit_code == 0
    assert uploads(template()).isdisjoint(uploads(first))  # every function is updated, and so reads its secrets anew

    [timestamp] = {upload.split("/")[3].split("-")[0] for upload in uploads(first)}
    osls.run("rollback", "--stage", "dev", "--timestamp", timestamp, env={})
    assert uploads(template()) == uploads(first)

    gone = run("remove", "dev")
    assert gone.exit_code == 0, gone.output
    assert client("lambda").list_functions()["Functions"] == []
    assert client("events").list_rules()["Rules"] == []
    assert client("iam").list_roles()["Roles"] == []
    assert kept()["DATABASE_URL"] == SECRETS["DATABASE_URL"]


@pytest.fixture
def shallow(aws: None, empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A deployment of a stage with an empty database, all but the part that AWS does."""
    monkeypatch.setattr(osls, "run", lambda *_, **__: None)
    monkeypatch.setattr(bundles, "ready", lambda: None)
    monkeypatch.setattr(account, "outputs", lambda *_: {"HttpApiUrl": "https://api.example"})
    write_secret(monkeypatch, DATABASE_URL=empty_database_url, SERVICE_KEYS="k")
    return empty_database_url


def test_the_database_is_migrated_when_that_was_asked_for(shallow: str) -> None:
    done = run("deploy", "dev", "--migrate")
    assert done.exit_code == 0, done.output
    assert migrate.current(shallow) == migrate.head()


def test_the_database_is_left_alone_when_nobody_asked(shallow: str) -> None:
    assert run("deploy", "dev").exit_code == 0
    assert migrate.current(shallow) is None


def test_migrations_go_past_the_pooler(shallow: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_secret(monkeypatch, DATABASE_URL="postgresql://pooler.invalid/n", DATABASE_DIRECT_URL=shallow)
    assert run("deploy", "dev", "--migrate").exit_code == 0
    assert migrate.current(shallow) == migrate.head()


def test_the_secret_holds_every_key_of_the_table_and_no_value_is_printed(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = write_secret(monkeypatch, **SECRETS)
    assert done.exit_code == 0, done.output
    assert all(key in done.output for key in table.secrets())
    assert "hush" not in done.output
    assert kept() == {key: SECRETS.get(key, " ") for key in table.secrets()}


def test_what_is_not_set_keeps_its_value(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    write_secret(monkeypatch, **SECRETS)
    monkeypatch.delenv("DATABASE_URL")
    write_secret(monkeypatch, SERVICE_KEYS="k-new,k-hush", STRIPE_API_KEY=" ")
    assert kept()["DATABASE_URL"] == SECRETS["DATABASE_URL"]
    assert (kept()["SERVICE_KEYS"], kept()["STRIPE_API_KEY"]) == ("k-new,k-hush", " ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "There is no secret nightshift/dev in eu-west-1. Set what you use of them"),
        ("{}", "The secret nightshift/dev has no DATABASE_URL, REDIS_URL"),
        ("[]", "is not a JSON object of texts. Delete it"),
        ('{"DATABASE_URL": 7}', "is not a JSON object of texts. Delete it"),
        (json.dumps(dict.fromkeys(table.secrets(), " ")), "has a blank DATABASE_URL, SERVICE_KEYS"),
    ],
)
def test_a_secret_that_is_not_ready_is_refused_before_anything_is_changed(
    aws: None, text: str | None, said: str
) -> None:
    if text is not None:
        client("secretsmanager").create_secret(Name="nightshift/dev", SecretString=text)
    done = run("deploy", "dev")
    assert (done.exit_code, done.exception.__class__) == (1, SystemExit)
    assert said in done.stderr
    assert client("cloudformation").list_stacks()["StackSummaries"] == []


def test_a_secret_that_is_empty_is_filled(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    client("secretsmanager").create_secret(Name="nightshift/dev", SecretString="{}")
    assert "make secrets-aws STAGE=dev" in run("deploy", "dev").stderr
    assert write_secret(monkeypatch, **SECRETS).exit_code == 0
    assert kept()["DATABASE_URL"] == SECRETS["DATABASE_URL"]


def test_what_aws_refuses_is_told_with_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = boto3.client("secretsmanager", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr("infra.aws.store.client", lambda *_: manager)
    with Stubber(manager) as stub:
        stub.add_client_error("get_secret_value", "AccessDeniedException")
        with pytest.raises(ConfigurationError, match=r"cannot be read \(AccessDeniedException\)"):
            Store("dev", REGION).read()


def test_without_credentials_nothing_is_asked(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    for command in ("deploy", "remove", "secrets"):
        done = run(command, "dev")
        assert done.exit_code == 1
        assert "There are no usable AWS credentials (NoCredentialsError). Set AWS_PROFILE" in done.stderr


def test_a_profile_that_there_is_not_is_named(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "elsewhere")
    done = run("secrets", "dev")
    assert (done.exit_code, "elsewhere" in done.stderr) == (1, True)


def test_an_aws_that_is_not_there_is_said_to_be_away(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    done = run("secrets", "dev")
    assert (done.exit_code, "AWS cannot be reached (EndpointConnectionError)" in done.stderr) == (1, True)


@pytest.mark.parametrize("sender", ["", "nobody", "Night <night@>"])
def test_mail_by_ses_needs_a_sender(aws: None, monkeypatch: pytest.MonkeyPatch, sender: str) -> None:
    monkeypatch.setenv("EMAIL_FROM", sender)
    done = run("deploy", "dev")
    assert (done.exit_code, done.stderr.startswith("EMAIL_FROM ")) == (1, True)


@pytest.mark.parametrize("stage", ["", "Dev", "with space", "a-b", "x" * 13])
def test_a_stage_is_a_short_word(stage: str) -> None:
    assert run("deploy", stage).exit_code == 2


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """Lambda's answers about an account, which moto does not give."""
    functions = boto3.client("lambda", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr(account, "client", lambda *_: functions)
    with Stubber(functions) as stub:
        yield stub


@pytest.mark.parametrize("limit", [10, 105])
def test_a_new_account_s_limit_is_told_before_lambda_refuses(limits: Stubber, limit: int) -> None:
    limits.add_response("get_account_settings", {"AccountLimit": {"ConcurrentExecutions": limit}})
    with pytest.raises(ConfigurationError, match=f"run {limit} functions at once in eu-west-1"):
        account.need_room(REGION, 6)


@pytest.mark.parametrize("limit", [106, 1000])
def test_an_account_with_room_is_deployed_to(limits: Stubber, limit: int) -> None:
    limits.add_response("get_account_settings", {"AccountLimit": {"ConcurrentExecutions": limit}})
    account.need_room(REGION, 6)


def test_who_may_not_ask_for_the_limit_may_still_deploy(limits: Stubber) -> None:
    limits.add_client_error("get_account_settings", "AccessDeniedException")
    account.need_room(REGION, 6)


def test_the_account_is_named_by_its_number(aws: None) -> None:
    assert account.prove(REGION) == ACCOUNT


def test_a_secret_s_values_stay_out_of_its_errors(aws: None) -> None:
    client("secretsmanager").create_secret(Name="nightshift/dev", SecretString='{"DATABASE_URL": ["hush"]}')
    with pytest.raises(ConfigurationError) as caught:
        Store("dev", REGION).read()
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None
