"""The stage's one secret, as the template refers to it.

CloudFormation takes 60 dynamic references in a template. So a parameter refers to a key, once, and all that get it
refer to the parameter.
Source: docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html.
"""

from infra.aws.cloudformation import Template, camel

PLACE = "nightshift/{stage}"  # the secret's name
REFERENCE = "{{{{resolve:secretsmanager:{place}:SecretString:{key}}}}}"
MOST = 60


def parameter(key: str) -> Template:
    return {"Type": "String", "Default": REFERENCE.format(place=PLACE.format(stage="${sls:stage}"), key=key)}


def template(keys: list[str]) -> Template:
    """What serverless.yml takes as `custom.secret`, and the parameters that those refer to."""
    return {
        "references": {key: {"Ref": camel(key)} for key in keys},
        "template": {"Parameters": {camel(key): parameter(key) for key in keys}},
    }
