"""The parts of the stack as programs: the twins, and every function of the table in its real runtime."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from infra.local.environment import OWN, ROOT, Ports, available, first, python
from infra.local.keys import CLAUDE_KEY, EXPO_KEY, RESEND_KEY, STRIPE_KEY, TELEGRAM_TOKEN
from infra.local.program import Program, port_taken
from shared.table import Entry


def function(entry: Entry, port: int, env: Mapping[str, str]) -> Program:
    """One function, served by functions-framework as Google Cloud serves it; the nursery launches it faster."""
    source = ROOT / "functions" / entry.folder / "main.py"
    return Program(
        name=entry.name,
        command=python("-m", "uvicorn", "--factory", "functions_framework.aio:create_asgi_app", "--port", str(port)),
        ready=lambda _pid: port_taken(port),
        env={
            "TIMEOUT_SECONDS": str(entry.timeout),
            **env,
            "FUNCTION_TARGET": "main",
            "FUNCTION_SOURCE": str(source),
            "K_SERVICE": entry.name,
        },
        cwd=ROOT,
    )


def functions(entries: Iterable[Entry], gateway: int) -> dict[str, tuple[Entry, int]]:
    """Those functions that are there, each with a port of its own."""
    there = [entry for entry in entries if (ROOT / "functions" / entry.folder / "main.py").exists()]
    wanted = {entry.name: gateway + 20 + offset for offset, entry in enumerate(there)}
    return {entry.name: (entry, available(wanted[entry.name])) for entry in there}


def twins(ports: Ports, env: Mapping[str, str], home: Path) -> Program | None:
    """All stand-ins for providers, in one process; None where the tree has none."""
    if not (ROOT / "infra" / "local" / "twins" / "__main__.py").exists():
        return None
    names = ("telegram", "smtp", "mail", "resend", "stripe", "claude", "push")
    listening = {name: int(getattr(ports, name)) for name in names}
    options = [text for name, port in listening.items() for text in (f"--{name}-port", str(port))]
    options += ["--home", str(home), "--stripe-webhook-url", f"{env['FUNCTIONS_BASE_URL']}/stripe-webhook"]
    options += ["--resend-webhook-url", f"{env['FUNCTIONS_BASE_URL']}/mail-events/resend"]
    keys = {
        "TWIN_STRIPE_SECRETS": first(env["STRIPE_WEBHOOK_SECRETS"]),
        "TWIN_STRIPE_KEY": STRIPE_KEY,
        "TWIN_TELEGRAM_TOKEN": TELEGRAM_TOKEN,
        "TWIN_RESEND_KEY": RESEND_KEY,
        "TWIN_RESEND_WEBHOOK_SECRET": first(env["RESEND_WEBHOOK_SECRETS"]),
        "TWIN_CLAUDE_KEY": CLAUDE_KEY,
        "TWIN_EXPO_KEY": EXPO_KEY,
    }
    needed = {name: env[name] for name in (*OWN, "PYTHONPATH") if name in env}
    return Program(
        name="twins",
        command=python("-m", "infra.local.twins", *options),
        ready=lambda _pid: all(port_taken(port) for port in listening.values()),
        env={**needed, **keys},
        cwd=ROOT,
    )
