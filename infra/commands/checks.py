"""What `doctor` looks at. Each check returns what it found, or raises with what is wrong."""

import asyncio
import smtplib
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import psycopg
from redis import Redis, RedisError

from infra.local.plan import remembered
from infra.local.state import default_home, read
from shared import table
from shared.addresses import permitted
from shared.alerts import recipients
from shared.errors import NightshiftError
from shared.providers import claude_prices
from shared.providers.claude import credentials
from shared.providers.push_expo import Expo
from shared.providers.push_fcm import Fcm
from shared.settings import Settings, load

OLDEST = 150000  # PostgreSQL 15, as the server numbers itself
PATIENCE = 5.0  # seconds for anything to answer
LATE = timedelta(minutes=2)


@dataclass(frozen=True)
class Finding:
    """The outcome of one check; `advice` says what to do when it failed."""

    name: str
    ok: bool
    detail: str
    advice: str = ""


class UnhealthyError(NightshiftError):
    """A check failed on its own terms."""


Check = Callable[[Settings], str]


def examine(env: Mapping[str, str]) -> list[Finding]:
    """Run every check; without readable settings only that one."""
    try:
        settings = load(env)
    except NightshiftError as error:
        return [Finding("settings", ok=False, detail=error.detail, advice="Correct these environment variables.")]
    found = [Finding("settings", ok=True, detail=f"{len(settings.model_fields_set)} set")]
    return found + [finding(name, check, settings, advice) for name, (check, advice) in CHECKS.items()]


def finding(name: str, check: Check, settings: Settings, advice: str) -> Finding:
    try:
        return Finding(name, ok=True, detail=check(settings))
    except NightshiftError as error:
        return Finding(name, ok=False, detail=error.detail, advice=advice)
    except (OSError, psycopg.Error, RedisError, httpx.HTTPError, smtplib.SMTPException, ValueError) as error:
        return Finding(name, ok=False, detail=f"{type(error).__name__}: {error}".splitlines()[0], advice=advice)


def database(settings: Settings) -> str:
    with psycopg.connect(settings.database_url.get_secret_value(), connect_timeout=int(PATIENCE)) as connection:
        if connection.info.server_version < OLDEST:
            raise UnhealthyError(f"PostgreSQL {connection.info.server_version // 10000} is too old: 15 is the oldest.")
        return f"PostgreSQL {connection.info.server_version // 10000} on {connection.info.host}"


def migrations(settings: Settings) -> str:
    from infra.migrations import migrate  # noqa: PLC0415 - Alembic takes 400 ms

    with psycopg.connect(settings.database_url.get_secret_value(), connect_timeout=int(PATIENCE)):
        at, newest = migrate.current(settings.database_url.get_secret_value()), migrate.head()
    if at != newest:
        raise UnhealthyError(f"The database is at {at or 'nothing'}, the newest revision is {newest}.")
    return f"at {at}"


def redis(settings: Settings) -> str:
    if settings.redis_url is None:
        return "not configured: limits and caches use PostgreSQL"
    with Redis.from_url(settings.redis_url.get_secret_value(), socket_timeout=PATIENCE) as client:
        client.ping()
    return "answers"


def telegram(settings: Settings) -> str:
    token = settings.telegram_bot_token.get_secret_value()
    if not token:
        raise UnhealthyError("TELEGRAM_BOT_TOKEN is not set.")
    answer = httpx.get(f"{settings.telegram_api_base}/bot{token}/getMe", timeout=PATIENCE, trust_env=False)
    if not answer.is_success:
        raise UnhealthyError(f"The Bot API answers {answer.status_code} to this token.")
    return f"bot {answer.json()['result'].get('username')}"


def email(settings: Settings) -> str:
    if settings.email_provider != "smtp":
        return f"{settings.email_provider}: checked by the first email only"
    address = urlsplit(settings.smtp_url.get_secret_value())
    server = smtplib.SMTP_SSL if address.scheme == "smtps" else smtplib.SMTP
    with server(address.hostname or "", address.port or 0, timeout=PATIENCE) as client:
        client.noop()
    return f"SMTP on {address.hostname}:{address.port}"


def stripe(settings: Settings) -> str:
    if not settings.stripe_webhook_secrets:
        raise UnhealthyError("STRIPE_WEBHOOK_SECRETS is not set: every webhook would be refused.")
    key = settings.stripe_api_key.get_secret_value()
    headers, url = {"Authorization": f"Bearer {key}"}, f"{settings.stripe_api_base}/v1/events?limit=1"
    answer = httpx.get(url, headers=headers, timeout=PATIENCE, trust_env=False)
    if not answer.is_success:
        raise UnhealthyError(f"Stripe's API answers {answer.status_code} to this key.")
    return f"{len(settings.stripe_webhook_secrets)} webhook secret(s), the event list answers"


def claude(settings: Settings) -> str:
    """Looks at the list of batches, which costs nothing."""
    if not settings.anthropic_api_key.get_secret_value():
        return "not configured: recaps are written from a template"
    headers, url = credentials(settings), f"{settings.anthropic_base_url}/v1/messages/batches"
    answer = httpx.get(url, params={"limit": 1}, headers=headers, timeout=PATIENCE, trust_env=False)
    if not answer.is_success:
        raise UnhealthyError(f"Claude's API answers {answer.status_code} to this key.")
    claude_prices.model(settings.anthropic_model)
    return settings.anthropic_model


def push(settings: Settings) -> str:
    """Asks Expo for no receipt and Google for a token; neither sends anything."""
    account = settings.fcm_service_account.get_secret_value()
    if (settings.fcm_project_id is None) != (not account):
        raise UnhealthyError("FCM_PROJECT_ID and FCM_SERVICE_ACCOUNT belong together: one of them is missing.")
    asyncio.run(granted(settings, firebase=bool(account)))
    return f"Expo{' and FCM' if account else ''}"


async def granted(settings: Settings, *, firebase: bool) -> None:
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
        await Expo(settings, http).receipts(["00000000-0000-0000-0000-000000000000"])
        if firebase:
            await Fcm(settings, http).account.token()


def alerts(settings: Settings) -> str:
    """Looks the receivers' names up, and posts nothing."""
    targets = recipients(settings)
    if not targets:
        return "ALERT_WEBHOOK_URL is not set: nobody is told, what is wrong is noted only"
    for name, url in targets.items():
        parts = urlsplit(url)
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
        if not all(permitted(str(address[0]), private=settings.alert_allow_private) for *_, address in found):
            raise UnhealthyError(f"{name} has an address that is not public: nothing will be posted there.")
    return f"told: {', '.join(targets)}"


def functions(settings: Settings) -> str:
    url = f"{settings.function_url('health')}/readyz"
    answer = httpx.get(url, timeout=PATIENCE, trust_env=False)
    if not answer.is_success:
        raise UnhealthyError(f"{url} answers {answer.status_code}.")
    return f"ready at {settings.functions_base_url}"


def schedules(_settings: Settings) -> str:
    """The table's schedules, and whether the local scheduler keeps up with them."""
    stack, home, now = read(default_home()), default_home(), datetime.now(UTC)
    if stack is None or not stack.running:
        return f"{len(table.tasks())} tasks; no local scheduler runs"
    fired = remembered(home / "scheduler.json")
    late = [
        entry.name
        for entry in table.tasks()
        if entry.name in fired and min(each.next_fire(fired[entry.name]) for each in entry.schedules) < now - LATE
    ]
    if late:
        raise UnhealthyError(f"Late: {', '.join(late)}.")
    return f"{len(table.tasks())} tasks; {len(fired)} fired by the local scheduler"


CHECKS: dict[str, tuple[Check, str]] = {
    "database": (database, "Check DATABASE_URL, or start a local stack: make up"),
    "migrations": (migrations, "Run `nightshift migrate`."),
    "redis": (redis, "Check REDIS_URL, or unset it: PostgreSQL takes over."),
    "telegram": (telegram, "Check TELEGRAM_BOT_TOKEN and TELEGRAM_API_BASE."),
    "email": (email, "Check EMAIL_PROVIDER and SMTP_URL."),
    "stripe": (stripe, "Check STRIPE_WEBHOOK_SECRETS, STRIPE_API_KEY and STRIPE_API_BASE."),
    "claude": (claude, "Check ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL and ANTHROPIC_MODEL."),
    "push": (push, "Check EXPO_ACCESS_TOKEN, FCM_PROJECT_ID and FCM_SERVICE_ACCOUNT."),
    "alerts": (alerts, "Check ALERT_WEBHOOK_URL; ALERT_ALLOW_PRIVATE=true allows a receiver in your own network."),
    "functions": (functions, "Check FUNCTIONS_BASE_URL, or start a local stack: make up"),
    "schedules": (schedules, "Restart the local stack: make down up. Its log is scheduler.log."),
}
