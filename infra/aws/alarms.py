"""What wakes somebody: a function fails or is throttled, an event was given up, nobody looks for due replies.

Failures of single rows are not here: the queues, their breakers and ALERT_WEBHOOK_URL tell of those.
"""

from typing import Any

from infra.aws.cloudformation import Template, camel
from infra.aws.cloudformation import logical as logical_name
from shared.table import Entry

PERIOD = 300  # seconds
WATCHED = "deliver-responses"  # runs every minute: five minutes of silence are the timer's or the account's fault
EACH = {"Errors": "A run crashed, failed or ran out of time.", "Throttles": "Lambda refused to run it."}


def alarm(name: str, why: str, metric: dict[str, Any], **changes: Any) -> Template:
    """An alarm on the sum over five minutes being one at least; `changes` make it another one."""
    tell = [{"Ref": "Alarms"}]
    properties = {
        "AlarmName": "${self:custom.deployment}-" + name,
        "AlarmDescription": why,
        **metric,
        "Statistic": "Sum",
        "Period": PERIOD,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": tell,
        "OKActions": tell,
    }
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": properties | changes}


def of_function(entry: Entry, metric: str) -> dict[str, Any]:
    """A metric of one function."""
    dimension = {"Name": "FunctionName", "Value": {"Ref": f"{logical_name(entry.name)}LambdaFunction"}}
    return {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": [dimension]}


def of_queue() -> dict[str, Any]:
    """What waits in the dead-letter queue."""
    dimension = {"Name": "QueueName", "Value": {"Fn::GetAtt": ["FailedEvents", "QueueName"]}}
    return {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible", "Dimensions": [dimension]}


def template(rows: dict[str, Entry]) -> Template:
    alarms = {
        f"{camel(name)}{metric}Alarm": alarm(f"{name}-{metric.lower()}", f"{name}: {why}", of_function(entry, metric))
        for name, entry in rows.items()
        for metric, why in EACH.items()
    }
    alarms["FailedEventsAlarm"] = alarm(
        "failed-events", "Events were given up: read them in the queue.", of_queue(), Statistic="Maximum"
    )
    alarms["SilenceAlarm"] = alarm(
        "silence",
        f"{WATCHED} was not called for five minutes: is its rule enabled?",
        of_function(rows[WATCHED], "Invocations"),
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
    )
    return {"Resources": alarms}
