"""What osls makes of serverless.yml: all that a deployment to moto would not show, since moto drops it."""

import json
import re
from typing import Any

import pytest
from cfnlint import lint

from infra.aws import alarms, secret
from shared import table
from tests.deploy.aws.stack import Stack

FAILED = {"Fn::GetAtt": ["FailedEvents", "Arn"]}
NAMES = list(table.load())
TASKS = [row.name for row in table.tasks()]


@pytest.mark.parametrize("name", NAMES)
def test_a_function_is_what_its_row_says(deployed: Stack, name: str) -> None:
    found, row = deployed.function(name), table.lookup(name)
    assert (found["Handler"], found["Timeout"], found["MemorySize"]) == (row.handler, row.timeout, row.memory)
    assert (found["Architectures"], found["Runtime"]) == (["arm64"], "python3.12")
    assert found["Code"]["S3Key"].endswith(f"/{name}.zip")
    assert found.get("ReservedConcurrentExecutions") == row.reserved
    assert found["Environment"]["Variables"].keys() == row.environment.keys()


def test_every_secret_is_referred_to_once_and_cloudformation_takes_sixty(deployed: Stack) -> None:
    references = re.findall(r"\{\{resolve:secretsmanager:([^}]*)\}\}", json.dumps(deployed.template))
    assert sorted(references) == sorted(f"nightshift/test:SecretString:{key}" for key in table.secrets())
    assert len(references) < secret.MOST


@pytest.mark.parametrize("name", NAMES)
def test_a_function_gets_the_secrets_of_its_row_and_no_others(deployed: Stack, name: str) -> None:
    variables = deployed.function(name)["Environment"]["Variables"]
    parameters = deployed.template["Parameters"]
    references = {key: value["Ref"] for key, value in variables.items() if isinstance(value, dict) and "Ref" in value}
    references = {key: reference for key, reference in references.items() if reference in parameters}
    given = {key: parameters[reference]["Default"] for key, reference in references.items()}
    prefix = "{{resolve:secretsmanager:nightshift/test:SecretString:"
    assert given == {key: f"{prefix}{key}}}}}" for key in table.lookup(name).secrets}


@pytest.mark.parametrize("name", TASKS)
def test_lambda_gives_an_event_up_after_its_period_and_keeps_it_as_a_dead_letter(deployed: Stack, name: str) -> None:
    [config] = [
        one
        for one in deployed.of("Lambda::EventInvokeConfig").values()
        if deployed.resources[one["FunctionName"]["Ref"]]["Properties"]["FunctionName"] == f"nightshift-test-{name}"
    ]
    row = table.lookup(name)
    assert (config["MaximumEventAgeInSeconds"], config["MaximumRetryAttempts"]) == (row.event_age, row.retries)
    assert config["DestinationConfig"] == {"OnFailure": {"Destination": FAILED}}


@pytest.mark.parametrize("name", TASKS)
def test_eventbridge_gives_an_event_up_after_its_period_too(deployed: Stack, name: str) -> None:
    row = table.lookup(name)
    rules = [rule for key, rule in deployed.of("Events::Rule").items() if targets(rule) == f"{name}Schedule"]
    assert [rule["ScheduleExpression"] for rule in rules] == [each.expression for each in row.schedules]
    for rule in rules:
        [target] = rule["Targets"]
        assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == row.event_age
        assert (rule["State"], target["DeadLetterConfig"]) == ("ENABLED", {"Arn": FAILED})


def targets(rule: dict[str, Any]) -> str:
    return str(rule["Targets"][0]["Id"])


def test_eventbridge_may_put_what_it_gave_up_into_the_queue(deployed: Stack) -> None:
    [policy] = deployed.of("SQS::QueuePolicy").values()
    [statement] = policy["PolicyDocument"]["Statement"]
    assert (statement["Principal"], statement["Action"]) == ({"Service": "events.amazonaws.com"}, "sqs:SendMessage")
    assert (statement["Resource"], list(statement["Condition"])) == (FAILED, ["ArnLike"])


def test_what_was_given_up_is_kept_for_two_weeks_encrypted(deployed: Stack) -> None:
    queue = deployed.of("SQS::Queue")["FailedEvents"]
    assert (queue["MessageRetentionPeriod"], queue["SqsManagedSseEnabled"]) == (14 * 86400, True)


FAN_OUT = [("generate-summaries", "MoreRecaps"), ("process-webhook-retries", "MoreWebhookRetries")]


@pytest.mark.parametrize(("name", "queue"), FAN_OUT)
def test_a_queue_of_invocations_starts_one_for_each_message(deployed: Stack, name: str, queue: str) -> None:
    [mapping] = [
        one
        for one in deployed.of("Lambda::EventSourceMapping").values()
        if one["EventSourceArn"] == {"Fn::GetAtt": [queue, "Arn"]}
    ]
    assert (mapping["BatchSize"], mapping["FunctionResponseTypes"]) == (1, ["ReportBatchItemFailures"])
    made = deployed.of("SQS::Queue")[queue]
    assert made["VisibilityTimeout"] == 6 * table.lookup(name).timeout
    assert made["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["FailedEvents", "Arn"]}


def test_the_http_api_has_the_paths_of_the_table_and_no_others(deployed: Stack) -> None:
    [api] = deployed.of("ApiGatewayV2::Api").values()
    keys = [route["RouteKey"] for route in deployed.of("ApiGatewayV2::Route").values()]
    assert api["ProtocolType"] == "HTTP"
    assert sorted(key.split()[1] for key in keys) == sorted(path for row in table.load().values() for path in row.paths)
    assert {key.split()[0] for key in keys} == {"POST", "ANY"}


def test_admin_triggers_tasks_at_the_api_s_own_address(deployed: Stack) -> None:
    base = deployed.function("admin")["Environment"]["Variables"]["FUNCTIONS_BASE_URL"]
    assert base == {"Fn::Sub": "https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"}


def test_logs_are_kept_for_thirty_days(deployed: Stack) -> None:
    groups = deployed.of("Logs::LogGroup").values()
    assert {group["LogGroupName"] for group in groups} == {f"/aws/lambda/nightshift-test-{name}" for name in NAMES}
    assert {group["RetentionInDays"] for group in groups} == {30}


def test_the_configuration_set_of_every_mail_tells_the_topic_of_bounces_and_complaints(deployed: Stack) -> None:
    [[name, configured]] = deployed.of("SES::ConfigurationSet").items()
    [destination] = deployed.of("SES::ConfigurationSetEventDestination").values()
    variables = deployed.function("process-email-queue")["Environment"]["Variables"]
    assert variables["SES_CONFIGURATION_SET"] == configured["Name"] == "nightshift-test"
    assert destination["ConfigurationSetName"] == {"Ref": name}
    assert destination["EventDestination"]["MatchingEventTypes"] == ["bounce", "complaint"]
    assert destination["EventDestination"]["SnsDestination"] == {"TopicARN": {"Ref": "MailEvents"}}


def test_ses_alone_may_publish_bounces_and_only_for_this_configuration_set(deployed: Stack) -> None:
    [policy] = deployed.of("SNS::TopicPolicy").values()
    [statement] = policy["PolicyDocument"]["Statement"]
    assert (policy["Topics"], statement["Resource"]) == ([{"Ref": "MailEvents"}], {"Ref": "MailEvents"})
    assert (statement["Principal"], statement["Action"]) == ({"Service": "ses.amazonaws.com"}, "sns:Publish")
    assert statement["Condition"]["StringEquals"].keys() == {"aws:SourceAccount", "aws:SourceArn"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_a_function_that_fails_or_is_refused_raises_an_alarm(deployed: Stack, name: str, metric: str) -> None:
    watched = [
        one
        for one in deployed.of("CloudWatch::Alarm").values()
        if one["MetricName"] == metric and function_of(deployed, one) == f"nightshift-test-{name}"
    ]
    assert [one["Threshold"] for one in watched] == [1]


def function_of(deployed: Stack, found: dict[str, Any]) -> str | None:
    [dimension] = found["Dimensions"]
    resource = dimension["Value"].get("Ref")
    return str(deployed.resources[resource]["Properties"]["FunctionName"]) if resource else None


def test_a_dead_letter_raises_an_alarm(deployed: Stack) -> None:
    [found] = [one for one in deployed.of("CloudWatch::Alarm").values() if one["Namespace"] == "AWS/SQS"]
    assert found["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["FailedEvents", "QueueName"]}}]


def test_five_minutes_without_a_look_for_replies_raise_an_alarm(deployed: Stack) -> None:
    [found] = [one for one in deployed.of("CloudWatch::Alarm").values() if one["MetricName"] == "Invocations"]
    assert function_of(deployed, found) == f"nightshift-test-{alarms.WATCHED}"
    assert (found["Period"], found["EvaluationPeriods"], found["TreatMissingData"]) == (300, 1, "breaching")
    assert (found["ComparisonOperator"], found["Threshold"]) == ("LessThanThreshold", 1)


def test_alarms_tell_the_topic_which_tells_the_address_that_was_given(deployed: Stack, bare: Stack) -> None:
    assert all(one["AlarmActions"] == [{"Ref": "Alarms"}] for one in deployed.of("CloudWatch::Alarm").values())
    [subscription] = [one for one in deployed.of("SNS::Subscription").values() if one["Protocol"] == "email"]
    assert subscription["TopicArn"] == {"Ref": "Alarms"}
    assert deployed.parameter(subscription["Endpoint"]) == "night@example.com"
    assert (deployed.conditions["AlarmsAreMailed"], bare.conditions["AlarmsAreMailed"]) == (True, False)


def test_traces_are_off_unless_xray_is_on(deployed: Stack, bare: Stack) -> None:
    modes = [[one.get("TracingConfig") for one in each.of("Lambda::Function").values()] for each in (deployed, bare)]
    assert modes == [[None] * len(NAMES), [{"Mode": "Active"}] * len(NAMES)]


def test_the_template_stays_far_from_cloudformation_s_limits(deployed: Stack) -> None:
    assert len(deployed.resources) < 400  # of 500
    assert len(json.dumps(deployed.template)) < 700_000  # of 1 MB


@pytest.mark.parametrize("which", ["deployed", "bare"])
def test_cfn_lint_finds_nothing(which: str, request: pytest.FixtureRequest) -> None:
    found: Stack = request.getfixturevalue(which)
    said = lint(json.dumps(found.template), regions=["eu-west-1"])
    assert [f"{one.rule.id} {'/'.join(map(str, one.path))}: {one.message}" for one in said] == []
