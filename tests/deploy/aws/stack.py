"""The template that osls makes of serverless.yml, as CloudFormation would read it."""

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from infra.aws import osls
from shared import table

READ = ("serverless.yml", "infra/aws/resources", "infra/aws/rendered")
MADE = ".serverless/cloudformation-template-update-stack.json"


def house(folder: Path) -> Path:
    """A copy of what osls reads, with bundles that hold a file each."""
    for name in READ:
        source, copy = osls.ROOT / name, folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        _ = shutil.copytree(source, copy) if source.is_dir() else shutil.copy(source, copy)
    bundles = folder / "build" / "lambda" / "arm64"
    bundles.mkdir(parents=True)
    for name in table.load():
        with zipfile.ZipFile(bundles / f"{name}.zip", "w") as bundle:
            bundle.writestr("main.py", f"# {name}\n")
    return folder


def package(folder: Path, **env: str) -> "Stack":
    """Have osls make the template."""
    command = [str(osls.MODULES / ".bin" / "osls"), "package", "--stage", "test"]
    plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(  # noqa: S603
        command, cwd=folder, env={**plain, **env}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return Stack(json.loads((folder / MADE).read_text()))


class Stack:
    """A template and the values of its conditions."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        self.template = template
        self.resources: Mapping[str, Any] = template["Resources"]
        self.conditions = {name: self.evaluated(test) for name, test in template.get("Conditions", {}).items()}

    def of(self, kind: str) -> dict[str, Any]:
        """The properties of every resource of a type, by logical name."""
        return {name: one["Properties"] for name, one in self.resources.items() if one["Type"] == f"AWS::{kind}"}

    def function(self, name: str) -> dict[str, Any]:
        """The properties of one function, by its deployed name."""
        [found] = [
            one for one in self.of("Lambda::Function").values() if one["FunctionName"] == f"nightshift-test-{name}"
        ]
        return dict(found)

    def statements(self, name: str) -> list[dict[str, Any]]:
        """What the role of a function allows under the template's conditions."""
        [role, attribute] = self.function(name)["Role"]["Fn::GetAtt"]
        assert attribute == "Arn"
        return list(self.allowed(self.of("IAM::Role")[role]))

    def allowed(self, role: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                chosen = self.chosen(statement)
                if chosen != {"Ref": "AWS::NoValue"}:
                    yield chosen

    def chosen(self, value: Any) -> Any:
        """The side of an `Fn::If` that holds."""
        if isinstance(value, dict) and "Fn::If" in value:
            condition, yes, no = value["Fn::If"]
            return yes if self.conditions[condition] else no
        return value

    def evaluated(self, test: Any) -> bool:
        """A condition: `Fn::Not` and `Fn::Equals` of parameters are all that we use."""
        if "Fn::Not" in test:
            return not self.evaluated(test["Fn::Not"][0])
        left, right = test["Fn::Equals"]
        return bool(self.parameter(left) == self.parameter(right))

    def parameter(self, value: Any) -> Any:
        return self.template["Parameters"][value["Ref"]]["Default"] if isinstance(value, dict) else value
