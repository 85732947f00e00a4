"""What a function can import, and which distributions that asks for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.package import aws, reach
from infra.package.distributions import needed
from infra.package.lock import pins
from infra.package.platform import ARM64, X86_64
from shared import table
from shared.errors import ConfigurationError

ENTRIES = table.load()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty tree of functions and shared modules."""
    monkeypatch.setattr(reach, "ROOT", tmp_path)
    for package in ("functions", "functions/one", "functions/two", "shared", "shared/deep"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    return tmp_path


@pytest.fixture(autouse=True)
def unread() -> Iterator[None]:
    """What one tree's modules import is not remembered for another's."""
    reach.read.cache_clear()
    yield
    reach.read.cache_clear()


def test_an_import_inside_a_call_counts_and_one_for_the_type_checker_does_not(house: Path) -> None:
    (house / "functions/one/main.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import fastapi\nelse:\n    import yaml\n"
        "def call():\n    import redis.asyncio\n"
    )
    assert reach.reach("one").others == {"yaml", "redis.asyncio"}


def test_imports_are_followed_through_shared_with_the_packages_above(house: Path) -> None:
    (house / "functions/one/main.py").write_text("from shared.deep import first\n")
    (house / "shared/deep/first.py").write_text("from . import second as other\nimport json\n")
    (house / "shared/deep/second.py").write_text("from shared.third import name\n")
    (house / "shared/third.py").write_text("name = 1\n")
    (house / "shared/fourth.py").write_text("import boto3\n")
    found = reach.reach("one")
    modules = {"functions", "functions.one", "functions.one.main", "shared", "shared.deep", "shared.third"}
    assert found.modules == modules | {"shared.deep.first", "shared.deep.second"}
    assert found.others == set()


def test_a_module_that_is_imported_and_missing_is_named(house: Path) -> None:
    (house / "functions/one/main.py").write_text("import shared.absent\n")
    with pytest.raises(ModuleNotFoundError, match=r"shared\.absent"):
        reach.reach("one")


def test_the_services_of_which_clients_are_made_are_seen(house: Path) -> None:
    (house / "functions/one/main.py").write_text("import boto3\nboto3.session.Session().client('sqs', verify=True)\n")
    assert reach.reach("one").services == {"sqs"}


def test_a_client_whose_service_cannot_be_seen_is_refused(house: Path) -> None:
    name = "stripe-webhook"
    (house / "functions/stripe_webhook").mkdir()
    (house / "functions/stripe_webhook/__init__.py").touch()
    (house / "functions/stripe_webhook/main.py").write_text("import boto3\nboto3.client(input())\n")
    with pytest.raises(ConfigurationError, match=r"stripe-webhook uses boto3"):
        aws.dependencies(ENTRIES[name], X86_64)


def test_an_import_that_requirements_do_not_bring_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"import fastapi, which nothing in requirements.txt brings"):
        needed({"fastapi"}, X86_64)


def test_extras_and_requirements_of_requirements_come_along() -> None:
    names = {pin.name for pin in needed({"psycopg", "jinja2"}, ARM64)}
    assert names == {"psycopg", "psycopg-binary", "psycopg-pool", "typing-extensions", "jinja2", "markupsafe"}


def test_versions_are_those_that_the_lock_file_has_for_the_platform() -> None:
    assert "colorama" not in pins(X86_64)
    assert all(pin.hashes for pin in pins(ARM64).values())


def test_on_lambda_googles_tokens_are_left_out_unless_the_table_gives_their_setting() -> None:
    entry = ENTRIES["deliver-responses"]
    given = entry.model_copy(update={"environment": {**entry.environment, "OIDC_AUDIENCE": "https://example.org"}})
    assert "jwt" not in aws.reached(entry).tops
    assert "jwt" in aws.reached(given).tops
    assert "starlette" not in aws.reached(given).tops


def test_of_a_namespace_that_many_share_a_bundle_has_what_the_requirements_name_with_what_that_needs() -> None:
    names = {pin.name for pin in needed({"opentelemetry"}, ARM64)}
    assert {"opentelemetry-api", "opentelemetry-sdk", "opentelemetry-exporter-otlp-json-common"} <= names
