"""What the functions of the local stack find in their environment: the user's settings, twins for the rest."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from infra.local.google_key import service_account
from infra.local.keys import CLAUDE_KEY, EXPO_KEY, FCM_PROJECT, RESEND_KEY, STRIPE_KEY, TELEGRAM_TOKEN
from infra.local.program import bindable, free_port
from infra.local.state import kept_secret

ROOT = Path(__file__).resolve().parents[2]
OWN = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")  # what any program may want

# A provider that the user has named by any of these is left to the user: half a twin would be worse than none.
GROUPS = (
    ("TELEGRAM_BOT_TOKEN", "TELEGRAM_API_BASE"),
    ("SMTP_URL",),
    ("RESEND_API_KEY", "RESEND_API_BASE"),
    ("RESEND_WEBHOOK_SECRETS",),
    ("STRIPE_API_KEY", "STRIPE_API_BASE"),
    ("STRIPE_WEBHOOK_SECRETS",),
    ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
    ("EXPO_ACCESS_TOKEN", "EXPO_API_BASE"),
    ("FCM_PROJECT_ID", "FCM_SERVICE_ACCOUNT", "FCM_API_BASE"),
    ("DATABASE_URL",),
    ("REDIS_URL",),
    ("SERVICE_KEYS",),
    ("JWT_SECRET", "JWKS_URL"),
)

LEADING = {name for group in GROUPS for name in group} | {
    "FUNCTIONS_BASE_URL"
}  # a command needs them to find what runs


@dataclass(frozen=True)
class Ports:
    """TCP ports of 127.0.0.1: the gateway's own, and what lies behind it."""

    gateway: int
    postgres: int
    valkey: int
    telegram: int
    smtp: int
    mail: int
    resend: int
    stripe: int
    claude: int
    push: int


def assign(gateway: int) -> Ports:
    """The ports after the gateway's, the same every time; another one for each that is taken."""
    names = [field.name for field in fields(Ports)]
    wanted = {name: gateway + offset for offset, name in enumerate(names)}
    return Ports(**{name: available(port) if name != "gateway" else port for name, port in wanted.items()})


def available(port: int) -> int:
    """This port, or another if it is in use."""
    return port if bindable(port) else free_port()


def environment(given: Mapping[str, str], ports: Ports, home: Path) -> dict[str, str]:
    """The environment of every function: what was given wins, the local services fill the rest."""
    named = {name for group in GROUPS if any(given.get(name) for name in group) for name in group}
    local = {name: value for name, value in defaults(ports, home).items() if name not in named}
    base = {name: os.environ[name] for name in OWN if name in os.environ}
    return {**base, **local, **{name: value for name, value in given.items() if value}, "PYTHONPATH": import_path()}


def import_path() -> str:
    """PYTHONPATH with this tree in front."""
    return os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])


def defaults(ports: Ports, home: Path) -> dict[str, str]:
    """The settings that lead to the local services. The secrets are made once for each home."""
    return {
        "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{ports.postgres}/nightshift",
        "REDIS_URL": f"redis://127.0.0.1:{ports.valkey}/0",
        "TELEGRAM_API_BASE": f"http://127.0.0.1:{ports.telegram}",
        "TELEGRAM_BOT_TOKEN": TELEGRAM_TOKEN,
        "EMAIL_PROVIDER": "smtp",
        "EMAIL_FROM": "Nightshift <nightshift@example.com>",
        "SMTP_URL": f"smtp://127.0.0.1:{ports.smtp}",
        "RESEND_API_BASE": f"http://127.0.0.1:{ports.resend}",
        "RESEND_API_KEY": RESEND_KEY,
        "RESEND_WEBHOOK_SECRETS": kept_secret(home / "resend.secret", "whsec_"),
        "STRIPE_API_BASE": f"http://127.0.0.1:{ports.stripe}",
        "STRIPE_API_KEY": STRIPE_KEY,
        "STRIPE_WEBHOOK_SECRETS": kept_secret(home / "stripe.secret", "whsec_"),
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{ports.claude}",
        "ANTHROPIC_API_KEY": CLAUDE_KEY,
        "EXPO_API_BASE": f"http://127.0.0.1:{ports.push}",
        "EXPO_ACCESS_TOKEN": EXPO_KEY,
        "FCM_API_BASE": f"http://127.0.0.1:{ports.push}",
        "FCM_PROJECT_ID": FCM_PROJECT,
        "FCM_SERVICE_ACCOUNT": service_account(home / "fcm.pem", f"http://127.0.0.1:{ports.push}/token"),
        "SERVICE_KEYS": kept_secret(home / "service.key", "nightshift_"),
        "JWT_SECRET": kept_secret(home / "jwt.secret", "jwt_"),
        "FUNCTIONS_BASE_URL": f"http://127.0.0.1:{ports.gateway}",
        "ALERT_ALLOW_PRIVATE": "true",  # whoever tries alerts out has a receiver on this machine
        "LOG_LEVEL": "INFO",
    }


def settings_of(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that is about Nightshift: its settings, the usual names of AWS and OpenTelemetry."""
    from shared.settings import Settings  # noqa: PLC0415 - only where a person's shell is read

    known = {name.upper() for name in Settings.model_fields}
    return {name: value for name, value in environ.items() if name in known or name.startswith(("AWS_", "OTEL_"))}


def first(values: str) -> str:
    """The first of a comma-separated list: the key in use; later ones are kept for rotation."""
    return values.split(",", maxsplit=1)[0].strip()


def python(*arguments: str) -> list[str]:
    """A command line for this very interpreter."""
    return [sys.executable, *arguments]
