"""How long EventBridge tries to hand a tick over to Lambda: for one period, as Lambda itself keeps it."""

from infra.aws.cloudformation import Template, arn, logical
from shared.table import Entry

TRIES = 10  # within the age; EventBridge would try 185 times in 24 hours


def bound(entry: Entry) -> Template:
    """Added to a rule that osls makes, on its one target."""
    retry = {"MaximumEventAgeInSeconds": entry.event_age, "MaximumRetryAttempts": TRIES}
    target = {"RetryPolicy": retry, "DeadLetterConfig": {"Arn": arn("FailedEvents")}}
    return {"Type": "AWS::Events::Rule", "Properties": {"Targets": [target]}}


def rule_ids(entry: Entry) -> list[str]:
    """The rules of one function, as osls names them."""
    return [f"{logical(entry.name)}EventsRuleSchedule{number}" for number, _ in enumerate(entry.schedules, 1)]


def template(rows: dict[str, Entry]) -> Template:
    return {"Resources": {rule: bound(entry) for entry in rows.values() for rule in rule_ids(entry)}}
