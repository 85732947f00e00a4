"""What each function may do on AWS: one role a function, nothing that it does not call.

No function reads the secret store or the database's network: its settings come with its deployment, and it reaches
PostgreSQL, Redis and the providers by their URLs. `admin` triggers tasks over HTTP, so no function invokes another.
Source of what can be narrowed: AWS's Service Authorization Reference.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from infra.aws.cloudformation import Template, arn, camel, logical, only_if
from shared.table import Entry

# Actions for which AWS knows no resource, and why they are granted all the same.
UNBOUNDED = {
    "ses:GetAccount": "tells a throttle of the day's quota from one of the rate; an account is no resource",
    "xray:PutTraceSegments": "traces belong to no resource; granted while XRAY is on",
    "xray:PutTelemetryRecords": "the same",
}
SES = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:"


@dataclass(frozen=True)
class Grant:
    """One permission.

    Attributes:
        actions: IAM's names.
        resources: ARNs, as CloudFormation writes them.
        condition: the template's condition under which it is given.
    """

    actions: tuple[str, ...]
    resources: tuple[Any, ...]
    condition: str | None = None

    def statement(self) -> Template:
        said = {"Effect": "Allow", "Action": list(self.actions), "Resource": list(self.resources)}
        return only_if(self.condition, said) if self.condition else said


def worked_off(queue: str) -> Grant:
    """To ask for invocations in a queue, and to be started by it: Lambda reads it as the function's role."""
    return Grant(
        ("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"), (arn(queue),)
    )


TRACES = Grant(("xray:PutTraceSegments", "xray:PutTelemetryRecords"), ("*",), "Traced")
# We send raw messages with SendEmail of version 2, for which SES also looks for version 1's SendRawEmail.
SEND_MAIL = Grant(
    ("ses:SendEmail", "ses:SendRawEmail"),
    (
        {"Fn::Sub": SES + "identity/${MailDomain}"},
        {"Fn::Sub": SES + "identity/*@${MailDomain}"},  # addresses that were verified by themselves
        {"Fn::Sub": SES + "configuration-set/${MailConfigurationSet}"},
    ),
    "MailGoesBySes",
)
READ_QUOTA = Grant(("ses:GetAccount",), ("*",), "MailGoesBySes")
OWN = {
    "process-email-queue": (SEND_MAIL, READ_QUOTA),
    "process-webhook-retries": (worked_off("MoreWebhookRetries"),),
    "generate-summaries": (worked_off("MoreRecaps"),),
}


def grants(entry: Entry) -> Iterator[Grant]:
    """Everything that one function may do."""
    yield Grant(("logs:CreateLogStream", "logs:PutLogEvents"), (arn(f"{logical(entry.name)}LogGroup"),))
    if entry.event_age is not None:
        yield Grant(("sqs:SendMessage",), (arn("FailedEvents"),))
    yield TRACES
    yield from OWN.get(entry.name, ())


def role_id(name: str) -> str:
    return f"{camel(name)}Role"


def role(entry: Entry) -> Template:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = {"Version": "2012-10-17", "Statement": [grant.statement() for grant in grants(entry)]}
    properties = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [{"PolicyName": entry.name, "PolicyDocument": policy}],
    }
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def template(rows: dict[str, Entry]) -> Template:
    return {"Resources": {role_id(name): role(entry) for name, entry in rows.items()}}
