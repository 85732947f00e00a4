"""How our templates name things: osls's names of what it makes, CloudFormation's functions, one way to write YAML."""

from typing import Any

import yaml

Template = dict[str, Any]
HEAD = "# Rendered from serverless.yml and infra/aws/{source}.py by `make render`: change those.\n"
NOTHING: Template = {"Ref": "AWS::NoValue"}


class Plain(yaml.SafeDumper):
    """YAML without anchors, which would hide what is said twice."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True


def logical(name: str) -> str:
    """How osls begins the names of what it makes for a function."""
    text = name.replace("-", "Dash").replace("_", "Underscore")
    return text[:1].upper() + text[1:]


def camel(name: str) -> str:
    """`deliver-responses` and `DATABASE_URL` as CloudFormation's names, which are letters and digits."""
    return "".join(word.capitalize() for word in name.replace("_", "-").split("-"))


def arn(resource: str) -> Template:
    return {"Fn::GetAtt": [resource, "Arn"]}


def only_if(condition: str, value: Any) -> Template:
    return {"Fn::If": [condition, value, NOTHING]}


def written(source: str, document: Template) -> str:
    """A document as the text of its file."""
    text: str = yaml.dump(document, Dumper=Plain, sort_keys=False, width=110)
    return HEAD.format(source=source) + text
