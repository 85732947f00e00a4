"""Settings: typed, from the environment, every mistake named at once (spec, section 10)."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConfigurationError
from shared.settings import Settings, duration, listed, load


def test_with_nothing_set_everything_has_a_value() -> None:
    settings = load({})
    assert settings.database_url.get_secret_value() == "postgresql://postgres@127.0.0.1:5432/nightshift"
    assert (settings.redis_url, settings.linger_seconds, settings.email_provider) == (None, 55.0, "smtp")


def test_an_empty_variable_counts_as_unset() -> None:
    assert load({"REDIS_URL": "", "LINGER_SECONDS": " ", "LOG_LEVEL": ""}) == load({})


def test_variables_of_other_programs_are_ignored() -> None:
    assert load({"PATH": "/bin", "HOME": "/root"}) == load({})


def test_one_error_names_every_variable_that_is_wrong() -> None:
    wrong = {
        "DB_POOL_MAX": "many",
        "LINGER_SECONDS": "-1",
        "LOG_LEVEL": "LOUD",
        "EMAIL_PROVIDER": "pigeon",
        "TELEGRAM_TIMEOUT": "soon",
        "REPLY_RETRY_DELAYS": "1m,later",
        "EMAIL_RETRY_DELAYS": ",",
    }
    with pytest.raises(ConfigurationError) as raised:
        load({**wrong, "EMAIL_FROM": "fine@example.org"})
    assert all(name in raised.value.detail for name in wrong)
    assert "EMAIL_FROM" not in raised.value.detail
    assert "'smtp', 'ses' or 'resend'" in raised.value.detail


def test_the_error_does_not_repeat_what_was_given() -> None:
    with pytest.raises(ConfigurationError) as raised:
        load({"DB_POOL_MAX": "hunter2", "LINGER_SECONDS": "hunter3"})
    assert "hunter" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_pool_has_at_least_what_it_keeps() -> None:
    with pytest.raises(ConfigurationError, match="DB_POOL_MAX: Value error, less than DB_POOL_MIN"):
        load({"DB_POOL_MIN": "5"})
    assert load({"DB_POOL_MIN": "5", "DB_POOL_MAX": "5"}).db_pool_min == 5


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("1.5", 1.5),
        ("250ms", 0.25),
        ("1.5s", 1.5),
        ("2m", 120),
        ("24h", 86_400),
        ("30d", 2_592_000),
        (" 5s ", 5),
        ("0", 0),
    ],
)
def test_a_duration_reads_as_people_write_it(text: str, seconds: float) -> None:
    assert load({"DB_TIMEOUT": text}).db_timeout == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["soon", "5 minutes", "m5", "1w", "5S", "1.2.3s", "\u0665s s", "--1"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ConfigurationError, match="DB_TIMEOUT"):
        load({"DB_TIMEOUT": text})


@given(milliseconds=st.integers(0, 10**9))
def test_every_number_of_milliseconds_is_a_duration(milliseconds: int) -> None:
    assert duration(f"{milliseconds}ms") == timedelta(seconds=milliseconds * 0.001)


@pytest.mark.parametrize("value", [None, 5, timedelta(seconds=5)])
def test_what_is_no_text_is_left_to_its_type(value: Any) -> None:
    assert duration(value) is value


def test_a_ladder_is_a_list_of_durations() -> None:
    delays = load({"REPLY_RETRY_DELAYS": "1s, 2m,,3h"}).reply_retry_delays
    assert delays == [timedelta(seconds=1), timedelta(minutes=2), timedelta(hours=3)]


def test_a_list_drops_what_is_empty() -> None:
    assert listed(" a, ,b,") == ["a", "b"]
    assert listed(["a", ""]) == ["a", ""]


def test_keys_are_a_list_for_rotation() -> None:
    keys = load({"SERVICE_KEYS": "old,new"}).service_keys
    assert [key.get_secret_value() for key in keys] == ["old", "new"]


SECRETS = {
    "DATABASE_URL": "postgresql://u:hunter2@db/x",
    "REDIS_URL": "redis://:hunter2@cache",
    "SERVICE_KEYS": "hunter2,hunter22",
    "JWT_SECRET": "hunter2",
    "TELEGRAM_BOT_TOKEN": "1:hunter2",
    "SMTP_URL": "smtp://u:hunter2@mail",
    "RESEND_API_KEY": "hunter2",
    "RESEND_WEBHOOK_SECRETS": "hunter2",
    "STRIPE_WEBHOOK_SECRETS": "hunter2",
    "STRIPE_API_KEY": "hunter2",
    "ANTHROPIC_API_KEY": "hunter2",
    "EXPO_ACCESS_TOKEN": "hunter2",
    "FCM_SERVICE_ACCOUNT": "hunter2",
    "ALERT_WEBHOOK_URL": "https://hooks.slack.com/hunter2",
    "ALERT_WEBHOOK_SECRET": "whsec_hunter22",
    "OTEL_EXPORTER_OTLP_HEADERS": "api-key=hunter2",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "api-key=hunter2",
}


def test_no_secret_shows_in_any_text_of_the_settings() -> None:
    settings = load(SECRETS)
    for text in (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump())):
        assert "hunter" not in text


def test_every_setting_that_may_hold_a_secret_is_one() -> None:
    words = ("secret", "token", "key", "password", "database_url", "redis_url", "smtp_url", "webhook_url")
    named = {name.upper() for name in Settings.model_fields if any(word in name for word in words)}
    assert named <= SECRETS.keys() | {"CLAUDE_MAX_TOKENS"}


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load({}).db_pool_max = 5


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://api.example.org", "https://api.example.org/apply-decay"),
        ("https://api.example.org/", "https://api.example.org/apply-decay"),
        ("https://nightshift-{name}-1.run.app", "https://nightshift-apply-decay-1.run.app/apply-decay"),
    ],
)
def test_a_function_answers_below_the_base_or_at_a_host_of_its_own(base: str, url: str) -> None:
    assert load({"FUNCTIONS_BASE_URL": base}).function_url("apply-decay") == url
