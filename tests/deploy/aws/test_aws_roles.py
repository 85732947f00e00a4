"""What each function may do on AWS."""

import json
import re
from typing import Any

import pytest

from infra.aws import roles
from infra.aws.osls import ROOT
from shared import table
from tests.deploy.aws.stack import Stack

NAMES = list(table.load())
SERVICES = {"ApiGatewayV2": "apigateway"}  # where IAM's prefix is not CloudFormation's
SES = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:"


def actions(stack: Stack, name: str) -> set[str]:
    return {action for statement in stack.statements(name) for action in statement["Action"]}


def test_every_function_has_a_role_of_its_own(deployed: Stack) -> None:
    used = [deployed.function(name)["Role"]["Fn::GetAtt"][0] for name in NAMES]
    assert sorted(used) == sorted(deployed.of("IAM::Role"))


@pytest.mark.parametrize("name", NAMES)
def test_only_lambda_may_take_a_role(deployed: Stack, name: str) -> None:
    [role, _] = deployed.function(name)["Role"]["Fn::GetAtt"]
    [statement] = deployed.of("IAM::Role")[role]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}


@pytest.mark.parametrize("which", ["deployed", "bare"])
@pytest.mark.parametrize("name", NAMES)
def test_no_role_allows_by_a_star_but_where_aws_knows_nothing_narrower(
    which: str, name: str, request: pytest.FixtureRequest
) -> None:
    stack: Stack = request.getfixturevalue(which)
    for statement in stack.statements(name):
        assert not [action for action in statement["Action"] if "*" in action]
        if "*" in statement["Resource"]:
            assert set(statement["Action"]) <= roles.UNBOUNDED.keys()
            assert statement["Resource"] == ["*"]


@pytest.mark.parametrize("name", NAMES)
def test_a_function_writes_its_own_log_and_no_other(deployed: Stack, name: str) -> None:
    [logs] = [one for one in deployed.statements(name) if "logs:PutLogEvents" in one["Action"]]
    [[group, attribute]] = [one["Fn::GetAtt"] for one in logs["Resource"]]
    assert attribute == "Arn"
    assert deployed.of("Logs::LogGroup")[group]["LogGroupName"] == f"/aws/lambda/nightshift-test-{name}"


WORKED_OFF = {"sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}


@pytest.mark.parametrize("name", NAMES)
def test_beyond_its_log_a_function_may_only_do_what_is_listed_here(deployed: Stack, name: str) -> None:
    row, more = table.lookup(name), actions(deployed, name) - {"logs:CreateLogStream", "logs:PutLogEvents"}
    dead_letters = {"sqs:SendMessage"} if row.event_age else set()
    mail = {"ses:SendEmail", "ses:SendRawEmail", "ses:GetAccount"} if name == "process-email-queue" else set()
    work = WORKED_OFF if "FAN_OUT_QUEUE" in row.environment else set()
    assert more == dead_letters | mail | work


def test_a_function_works_off_the_queue_that_it_asks_in_and_no_other(deployed: Stack) -> None:
    for name, queue in (("generate-summaries", "MoreRecaps"), ("process-webhook-retries", "MoreWebhookRetries")):
        [grant] = [one for one in deployed.statements(name) if "sqs:ReceiveMessage" in one["Action"]]
        assert grant["Resource"] == [{"Fn::GetAtt": [queue, "Arn"]}]
        assert deployed.function(name)["Environment"]["Variables"]["FAN_OUT_QUEUE"] == {"Ref": queue}


def test_mail_goes_out_of_one_domain_under_one_configuration_set(deployed: Stack) -> None:
    [send] = [one for one in deployed.statements("process-email-queue") if "ses:SendEmail" in one["Action"]]
    assert send["Resource"] == [
        {"Fn::Sub": SES + "identity/${MailDomain}"},
        {"Fn::Sub": SES + "identity/*@${MailDomain}"},
        {"Fn::Sub": SES + "configuration-set/${MailConfigurationSet}"},
    ]
    assert deployed.parameter({"Ref": "MailDomain"}) == "example.com"


def test_where_mail_goes_another_way_nobody_may_send_it_by_ses(bare: Stack) -> None:
    assert not [action for name in NAMES for action in actions(bare, name) if action.startswith("ses:")]


def test_traces_are_allowed_while_they_are_on(deployed: Stack, bare: Stack) -> None:
    traced = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
    assert [actions(bare, name) & traced for name in NAMES] == [traced] * len(NAMES)
    assert [actions(deployed, name) & traced for name in NAMES] == [set[Any]()] * len(NAMES)


def test_every_grant_of_its_own_is_of_a_function_that_there_is() -> None:
    assert roles.OWN.keys() <= set(NAMES)


def test_who_deploys_may_handle_every_kind_of_resource_and_only_ours(deployed: Stack) -> None:
    statements = json.loads((ROOT / "infra/aws/deployer.json").read_text())["Statement"]
    allowed = {str(action).split(":")[0] for one in statements for action in listed(one["Action"])}
    kinds = {one["Type"].split("::")[1] for one in deployed.resources.values()}
    assert {SERVICES.get(kind, kind.lower()) for kind in kinds} <= allowed
    unbounded = [one["Sid"] for one in statements if "*" in listed(one["Resource"])]
    assert unbounded == ["OfNoResource"]
    assert all(re.search(r"nightshift[-/]|/apis|/tags|aws-service-role", arn) for arn in bounded(statements))


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def bounded(statements: list[dict[str, Any]]) -> list[str]:
    return [arn for one in statements for arn in listed(one["Resource"]) if arn != "*"]
