"""The table of functions."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from shared import table
from shared.errors import ConfigurationError, NotFoundError
from shared.schedule import EPOCH
from shared.settings import Settings, load

LONGEST = 21600  # seconds for which Lambda keeps an event at most
ROW: dict[str, Any] = {
    "description": "Sends due things.",
    "handler": "functions/send_things/main.handler",
    "timeout": 60,
    "memorySize": 256,
    "events": [{"schedule": "rate(1 minute)"}, {"httpApi": "POST /send-things"}],
}


def written(tmp_path: Path, **change: Any) -> Path:
    path = tmp_path / "serverless.yml"
    path.write_text(yaml.safe_dump({"functions": {"send-things": {**ROW, **change}}}))
    return path


def test_a_row_is_typed(tmp_path: Path) -> None:
    row = table.load(written(tmp_path))["send-things"]
    assert (row.name, row.folder, row.timeout, row.memory) == ("send-things", "send_things", 60, 256)
    assert [schedule.expression for schedule in row.schedules] == ["rate(1 minute)"]
    assert row.paths == ("/send-things",)


def test_a_function_gets_the_settings_of_all_and_its_own(tmp_path: Path) -> None:
    path = tmp_path / "serverless.yml"
    secret = "${self:custom.secret.TELEGRAM_BOT_TOKEN}"
    row = {**ROW, "environment": {"TELEGRAM_BOT_TOKEN": secret}}
    path.write_text(
        yaml.safe_dump({"provider": {"environment": {"LOG_LEVEL": "INFO"}}, "functions": {"send-things": row}})
    )
    found = table.load(path)["send-things"]
    assert found.environment == {"LOG_LEVEL": "INFO", "TELEGRAM_BOT_TOKEN": secret}
    assert found.secrets == ("TELEGRAM_BOT_TOKEN",)


def test_every_setting_of_the_table_is_one_that_there_is() -> None:
    named = {name for row in table.load().values() for name in row.environment}
    named -= {name for name in named if name.startswith("OTEL_")}  # OpenTelemetry's SDK reads these by itself
    assert named <= {name.upper() for name in Settings.model_fields}


def test_a_row_may_reserve_runs_and_bound_its_events(tmp_path: Path) -> None:
    bounds = {"reservedConcurrency": 2, "maximumRetryAttempts": 0, "maximumEventAge": 60}
    row = table.load(written(tmp_path, **bounds))["send-things"]
    assert (row.reserved, row.retries, row.event_age) == (2, 0, 60)


def test_an_event_of_the_table_is_given_up_after_one_period() -> None:
    for row in table.tasks():
        period = min(each.next_fire(each.next_fire(EPOCH)) - each.next_fire(EPOCH) for each in row.schedules)
        assert row.event_age == min(period.total_seconds(), LONGEST), row.name


def test_only_what_runs_rarely_is_repeated_at_once() -> None:
    retries = {row.name: row.retries for row in table.tasks()}
    assert {name for name, count in retries.items() if count} == {
        "cleanup-stale",
        "apply-decay",
        "reconcile-stripe",
        "prune-analytics",
    }


def test_what_lingers_for_a_minute_has_room_for_two_runs_and_one_by_hand() -> None:
    lingering = [row for row in table.load().values() if "LINGER_SECONDS" in row.environment]
    wanted = dict.fromkeys(("deliver-responses", "deliver-push", "process-email-queue"), 3)
    assert {row.name: row.reserved for row in lingering} == wanted


def test_every_secret_of_the_table_is_named_once() -> None:
    named = table.secrets()
    assert len(named) == len(set(named))
    assert {"DATABASE_URL", "TELEGRAM_BOT_TOKEN"} <= set(named)


def test_events_may_be_written_as_mappings(tmp_path: Path) -> None:
    events = [
        {"schedule": {"rate": ["rate(1 minute)", "cron(0 0 * * ? *)"]}},
        {"schedule": {"rate": "rate(1 day)"}},
        {"httpApi": {"method": "POST", "path": "/send-things/{proxy+}"}},
    ]
    row = table.load(written(tmp_path, events=events))["send-things"]
    assert len(row.schedules) == 3
    assert row.paths == ("/send-things/{proxy+}",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"handler": "functions/other/main.handler"}, "handler must be functions/send_things/main.handler"),
        ({"description": "no sentence"}, "description"),
        ({"timeout": 0}, "timeout"),
        ({"memorySize": None}, "memorySize"),
        ({"reservedConcurrency": 0}, "reservedConcurrency"),
        ({"maximumRetryAttempts": 3, "maximumEventAge": 60}, "maximumRetryAttempts"),
        ({"maximumRetryAttempts": 0, "maximumEventAge": 59}, "maximumEventAge"),
        ({"maximumEventAge": 60}, "maximumRetryAttempts and maximumEventAge go together"),
        ({"events": [{"schedule": "rate(30 seconds)"}]}, "is not a rate"),
        ({"events": [{"httpApi": "POST /elsewhere"}]}, "path /elsewhere must start with /send-things"),
        ({"events": [{"schedule": {"every": "day"}}]}, "shape of a function"),
        ({"events": ["nonsense"]}, "shape of a function"),
        ({"events": [{"httpApi": ""}]}, "shape of a function"),
    ],
)
def test_a_wrong_row_is_named_with_its_fault(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match="Function send-things") as caught:
        table.load(written(tmp_path, **change))
    assert message in caught.value.detail


@pytest.mark.parametrize("text", [None, "just: this", "[1, 2", "- a\n- b"])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "table.yml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigurationError, match="not a table of functions"):
        table.load(path)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(NotFoundError, match="deliver-responses"):
        table.lookup("deliver-replies")


def test_every_function_of_the_real_table_is_found() -> None:
    assert table.lookup("health").paths == ("/health", "/health/{proxy+}")
    assert {row.name for row in table.tasks()} >= {
        "deliver-responses",
        "process-email-queue",
        "cleanup-stale",
        "apply-decay",
    }


def test_every_task_can_be_triggered_by_its_url() -> None:
    assert all(f"/{row.name}" in row.paths for row in table.tasks())


def test_ac_t2_4_1_replies_are_looked_for_every_minute_and_for_nearly_all_of_it() -> None:
    entry = table.lookup("deliver-responses")
    assert [schedule.expression for schedule in entry.schedules] == ["rate(1 minute)"]
    assert load({}).linger_seconds == 55.0
    assert entry.timeout > 60
