"""All configuration, typed, from environment variables (spec, section 11). One error names every wrong one."""

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
)

from shared.errors import ConfigurationError

DEFAULT_REGION = "eu-west-1"
# Pydantic would read the metadata of every installed package for plugins of its own: 2 % of a start.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def duration(value: Any) -> Any:
    """Read `90`, `1.5s`, `250ms`, `2m`, `24h` or `30d` as a timedelta; a bare number is seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?", value.strip()) if isinstance(value, str) else None
    return timedelta(seconds=float(match[1]) * UNITS[match[2] or "s"]) if match else value


def listed(value: Any) -> Any:
    """Split a comma-separated value; empty parts are dropped."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def no_less_than_the_least(value: int, info: ValidationInfo) -> int:
    if value < info.data.get("db_pool_min", 0):
        raise ValueError("less than DB_POOL_MIN")
    return value


def posted_to(urls: list[SecretStr], info: ValidationInfo) -> list[SecretStr]:
    """Refuse an address that no alert may be posted to; which one it is is told by its place."""
    from shared import addresses  # noqa: PLC0415 - only where alerts are configured

    private = bool(info.data.get("alert_allow_private"))
    for place, url in enumerate(urls, 1):
        if wrong := addresses.fault(url.get_secret_value(), private=private):
            raise ValueError(f"address {place} {wrong}")
    return urls


def key_of_webhooks(secret: SecretStr | None) -> SecretStr | None:
    """Refuse a secret that signs nothing."""
    from shared import standard_webhooks  # noqa: PLC0415 - only where alerts are signed

    try:
        signs = secret is None or standard_webhooks.key(secret) != b""
    except ValueError:
        signs = False
    if not signs:
        raise ValueError("no key of Standard Webhooks: whsec_ and base64")
    return secret


Duration = Annotated[timedelta, BeforeValidator(duration)]
Ladder = Annotated[list[Duration], Field(min_length=1), BeforeValidator(listed)]
Secrets = Annotated[list[SecretStr], BeforeValidator(listed)]
Topic = Annotated[str, Field(pattern=r"^arn:aws(-cn|-us-gov)?:sns:[a-z]+(-[a-z]+)+-[0-9]+:[0-9]+:[0-9A-Za-z_-]+$")]
Topics = Annotated[list[Topic], BeforeValidator(listed)]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Settings(Model):
    """Every setting by the lower-case name of its environment variable.

    Durations read `250ms`, `2m`, `24h`; ladders and secret lists are comma-separated.
    """

    database_url: SecretStr = SecretStr("postgresql://postgres@127.0.0.1:5432/nightshift")
    database_direct_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    db_pool_min: int = Field(0, ge=0, le=100)
    db_pool_max: Annotated[int, AfterValidator(no_less_than_the_least)] = Field(4, ge=1, le=100, validate_default=True)
    db_timeout: Duration = timedelta(seconds=5)
    environment_name: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    service_keys: Secrets = []
    jwt_secret: SecretStr | None = None
    jwks_url: str | None = None
    jwt_audience: str = "authenticated"
    oidc_audience: str | None = None
    oidc_service_account: str | None = None
    oidc_jwks_url: str = "https://www.googleapis.com/oauth2/v3/certs"

    linger_seconds: float = Field(55.0, ge=0, le=3300)
    timeout_seconds: float = Field(75.0, gt=0, le=3600)
    functions_base_url: str = "http://127.0.0.1:8080"
    fan_out_queue: str | None = None
    cloud_tasks_base: str = "https://cloudtasks.googleapis.com"
    gcp_metadata_base: str = "http://metadata.google.internal"

    telegram_bot_token: SecretStr = SecretStr("")
    telegram_api_base: str = "https://api.telegram.org"
    telegram_timeout: Duration = timedelta(seconds=10)
    reply_retry_delays: Ladder | None = None

    email_provider: Literal["smtp", "ses", "resend"] = "smtp"
    email_from: str = "Nightshift <nightshift@localhost>"
    email_timeout: Duration = timedelta(seconds=10)
    email_retry_delays: Ladder | None = None
    email_per_minute: int = Field(100, ge=1)
    email_per_recipient_per_minute: int = Field(10, ge=1)
    email_window: Duration = timedelta(minutes=1)
    smtp_url: SecretStr = SecretStr("smtp://127.0.0.1:1025")
    resend_api_key: SecretStr = SecretStr("")
    resend_api_base: str = "https://api.resend.com"
    resend_webhook_secrets: Secrets = []
    ses_configuration_set: str | None = None
    ses_topic_arn: Topics = []
    aws_endpoint_url: str | None = None
    aws_region: str = DEFAULT_REGION

    stripe_webhook_secrets: Secrets = []
    stripe_api_key: SecretStr = SecretStr("")
    stripe_api_base: str = "https://api.stripe.com"
    webhook_retry_delays: Ladder | None = None

    anthropic_api_key: SecretStr = SecretStr("")
    anthropic_base_url: str = "https://api.anthropic.com"
    anthropic_model: str = "claude-haiku-5-5"
    claude_timeout: Duration = timedelta(seconds=60)
    claude_max_tokens: int = Field(500, ge=1)
    claude_at_once: int = Field(20, ge=1, le=50)
    claude_batch_from: int = Field(1000, ge=1)
    claude_daily_budget_usd: Decimal = Field(Decimal(5), ge=0)
    recap_voice: str | None = None

    expo_access_token: SecretStr = SecretStr("")
    expo_api_base: str = "https://exp.host"
    fcm_project_id: str | None = Field(None, pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")
    fcm_service_account: SecretStr = SecretStr("")
    fcm_api_base: str = "https://fcm.googleapis.com"
    push_timeout: Duration = timedelta(seconds=10)
    push_retry_delays: Ladder | None = None

    # OpenTelemetry's own names; its SDK reads the others, as OTEL_SERVICE_NAME, by itself.
    otel_exporter_otlp_endpoint: str | None = None
    otel_exporter_otlp_traces_endpoint: str | None = None
    otel_exporter_otlp_headers: SecretStr | None = None
    otel_exporter_otlp_traces_headers: SecretStr | None = None
    otel_exporter_otlp_timeout: float = Field(10_000, gt=0)  # milliseconds

    alert_allow_private: bool = False
    alert_webhook_url: Annotated[Secrets, AfterValidator(posted_to)] = []
    alert_webhook_secret: Annotated[SecretStr | None, AfterValidator(key_of_webhooks)] = None
    alert_retry_delays: Ladder | None = None
    alert_run_late: Duration = timedelta(minutes=3)
    alert_due_late: Duration = timedelta(minutes=15)
    alert_backlog: int = Field(1000, ge=1, le=10_000)
    alert_dead_letters: int = Field(1, ge=1, le=10_000)
    alert_breaker_open: Duration = timedelta(minutes=2)
    console_url: str | None = None

    @property
    def console(self) -> str:
        """Where the console answers, without a slash at the end."""
        return (self.console_url or self.function_url("console")).rstrip("/")

    def function_url(self, name: str) -> str:
        """Where a function answers. `{name}` in the base stands for it, where each function has a host of its own."""
        return f"{self.functions_base_url.rstrip('/').replace('{name}', name)}/{name}"


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; empty variables count as unset.

    Raises:
        ConfigurationError: names every variable that is wrong, and what is wrong with it, at once.
    """
    given = {name.lower(): value for name, value in environment.items() if value.strip()}
    given.setdefault("aws_region", given.get("aws_default_region", DEFAULT_REGION))
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        faults = [f"{'.'.join(str(part) for part in e['loc'][:1]).upper()}: {e['msg']}" for e in error.errors()]
        raise ConfigurationError("Wrong settings. " + "; ".join(faults)) from None
