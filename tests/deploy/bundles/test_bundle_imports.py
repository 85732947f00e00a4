"""Everything that a function can import is in its bundle: the runtime's Python finds it there, and nowhere else."""

import subprocess
from pathlib import Path

import pytest

from infra.package import aws
from shared import table
from tests.deploy.bundles.building import Unpack

pytestmark = [pytest.mark.registry, pytest.mark.timeout(300)]  # the first one builds every bundle

IMPORT = """
import importlib, sys
root, *names = sys.argv[1:]
sys.path.insert(0, root)
for name in names:
    importlib.import_module(name)
"""
CLIENT = """
import boto3
print(boto3.session.Session().client("{}", region_name="eu-west-1").meta.service_model.service_id)
"""
TEMPLATES = """
from shared.mail_templates import KINDS, environment
for kind in KINDS:
    environment().get_template(f"{kind}.html")
"""


def run(python: Path, root: Path, code: str, *arguments: str) -> str:
    """Run code on a bundle: no site-packages, no environment, nothing of this tree."""
    command = [str(python), "-I", "-S", "-B", "-c", code, str(root), *arguments]
    done = subprocess.run(command, cwd="/", env={}, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", table.load())
def test_every_module_that_a_function_can_import_is_in_its_bundle(python: Path, unpack: Unpack, name: str) -> None:
    entry, root = table.lookup(name), unpack(name)
    found = aws.reached(entry)
    run(python, root, IMPORT, f"functions.{entry.folder}.main")
    run(python, root, IMPORT, *sorted(found.modules), *sorted(found.others))


@pytest.mark.parametrize(
    ("name", "service", "known_as"),
    [("process-email-queue", "sesv2", "SESv2"), ("generate-summaries", "sqs", "SQS")],
)
def test_a_client_of_amazons_can_be_made_from_the_bundle(
    python: Path, unpack: Unpack, name: str, service: str, known_as: str
) -> None:
    assert run(python, unpack(name), IMPORT + CLIENT.format(service)).strip() == known_as


def test_mails_can_be_written_from_the_bundle(python: Path, unpack: Unpack) -> None:
    run(python, unpack("stripe-webhook"), IMPORT + TEMPLATES)
