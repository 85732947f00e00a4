"""Which way out the settings choose, and what choosing it costs."""

import subprocess
import sys
from typing import Any

import httpx
import pytest

from shared.errors import ConfigurationError
from shared.providers.email import mailer
from shared.providers.email_resend import Resend
from shared.providers.email_ses import Ses
from shared.providers.email_smtp import Smtp
from shared.settings import Settings


def chosen(**values: Any) -> object:
    return mailer(Settings.model_validate(values), httpx.AsyncClient())


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({}, Smtp),
        ({"email_provider": "ses"}, Ses),
        ({"email_provider": "resend", "resend_api_key": "re_1"}, Resend),
    ],
)
def test_the_provider_is_the_one_that_the_settings_name(values: dict[str, Any], kind: type) -> None:
    assert isinstance(chosen(**values), kind)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"email_from": "nobody"}, "EMAIL_FROM"),
        ({"smtp_url": "http://mail.example"}, "SMTP_URL"),
        ({"email_provider": "resend"}, "RESEND_API_KEY"),
    ],
)
def test_a_setting_that_would_kill_every_mail_stops_the_run_instead(values: dict[str, Any], name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        chosen(**values)


@pytest.mark.parametrize(
    ("provider", "absent"),
    [
        ("smtp", {"boto3", "botocore", "jinja2", "shared.providers.email_ses", "shared.providers.email_resend"}),
        ("resend", {"boto3", "botocore", "jinja2", "aiosmtplib"}),
        ("ses", {"boto3", "botocore", "jinja2", "aiosmtplib"}),
    ],
)
def test_only_the_chosen_provider_is_imported(provider: str, absent: set[str]) -> None:
    code = (
        "import sys, httpx; from functions.process_email_queue import main; from shared.providers.email import mailer;"
        "from shared.settings import Settings;"
        f"mailer(Settings(email_provider={provider!r}, resend_api_key='x'), httpx.AsyncClient());"
        f"print(sorted({absent!r} & set(sys.modules)))"
    )
    assert loaded(code) == "[]"


def test_taking_an_email_in_costs_no_template_engine_and_no_provider() -> None:
    absent = {"jinja2", "boto3", "aiosmtplib"}
    assert (
        loaded(f"import sys; from functions.send_email import main; print(sorted({absent!r} & set(sys.modules)))")
        == "[]"
    )


def loaded(code: str) -> str:
    """What a fresh interpreter prints."""
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return found.stdout.strip()
