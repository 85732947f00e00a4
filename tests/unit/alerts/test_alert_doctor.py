"""What `doctor` says of those who are told."""

import pytest

from infra.commands.checks import UnhealthyError, alerts
from shared.settings import load


def test_without_a_receiver_it_says_that_nobody_is_told() -> None:
    assert "nobody is told" in alerts(load({}))


def test_a_receiver_is_named_without_its_secret() -> None:
    said = alerts(load({"ALERT_WEBHOOK_URL": "https://127.0.0.1/secret", "ALERT_ALLOW_PRIVATE": "true"}))
    assert said.startswith("told: 127.0.0.1#")
    assert "secret" not in said


def test_a_name_that_stands_for_an_address_inside_is_a_fault() -> None:
    with pytest.raises(UnhealthyError, match=r"localhost#[0-9a-f]{8} has an address that is not public"):
        alerts(load({"ALERT_WEBHOOK_URL": "https://localhost/hook"}))
