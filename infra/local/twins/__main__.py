"""All twins in one process: `python -m infra.local.twins --telegram-port 8081 ...`.

Keys and secrets come from the environment, since every user of a machine can read a command line.
"""

import argparse
import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from infra.local.keys import EXPO_KEY
from infra.local.twins.claude import KEY as CLAUDE_KEY
from infra.local.twins.claude import ClaudeConfig, ClaudeTwin
from infra.local.twins.push import PushConfig, PushTwin
from infra.local.twins.resend import KEY as RESEND_KEY
from infra.local.twins.resend import SECRET as RESEND_SECRET
from infra.local.twins.resend import ResendConfig, ResendTwin
from infra.local.twins.smtp import SmtpConfig, SmtpTwin
from infra.local.twins.stripe import KEY as STRIPE_KEY
from infra.local.twins.stripe import SECRET, StripeConfig, StripeTwin
from infra.local.twins.stripe_delivery import RETRIES
from infra.local.twins.telegram import TOKEN, TelegramConfig, TelegramTwin


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local.twins", description=__doc__)
    for name in ("telegram", "smtp", "mail", "resend", "stripe", "claude", "push"):
        parser.add_argument(f"--{name}-port", type=int, required=True, metavar="PORT")
    parser.add_argument("--home", type=Path, help="folder that keeps the mailbox")
    parser.add_argument("--stripe-webhook-url", required=True, metavar="URL")
    parser.add_argument("--resend-webhook-url", metavar="URL", help="where bounces and complaints are posted")
    parser.add_argument("--stripe-retries", type=seconds, default=RETRIES, metavar="S,S,..", help="delays of retries")
    return parser.parse_args(words)


def seconds(text: str) -> tuple[float, ...]:
    return tuple(float(each) for each in text.split(",") if each)


def twins(
    options: argparse.Namespace, env: Mapping[str, str]
) -> dict[str, TelegramTwin | SmtpTwin | ResendTwin | StripeTwin | ClaudeTwin | PushTwin]:
    """All of them, not started; TWIN_STRIPE_SECRETS may name several, with commas between them."""
    stripe = StripeConfig(
        webhook_url=options.stripe_webhook_url,
        secrets=env.get("TWIN_STRIPE_SECRETS", SECRET).split(","),
        api_key=env.get("TWIN_STRIPE_KEY", STRIPE_KEY),
        retries=options.stripe_retries,
    )
    smtp = SmtpTwin(smtp_port=options.smtp_port, port=options.mail_port, config=SmtpConfig(home=options.home))
    telegram = TelegramConfig(token=env.get("TWIN_TELEGRAM_TOKEN", TOKEN))
    resend = ResendConfig(
        api_key=env.get("TWIN_RESEND_KEY", RESEND_KEY),
        webhook_url=options.resend_webhook_url,
        webhook_secret=env.get("TWIN_RESEND_WEBHOOK_SECRET", RESEND_SECRET),
    )
    claude = ClaudeConfig(api_key=env.get("TWIN_CLAUDE_KEY", CLAUDE_KEY))
    return {
        "telegram": TelegramTwin(port=options.telegram_port, config=telegram),
        "mail": smtp,
        "resend": ResendTwin(port=options.resend_port, config=resend),
        "stripe": StripeTwin(port=options.stripe_port, config=stripe),
        "claude": ClaudeTwin(port=options.claude_port, config=claude),
        "push": PushTwin(port=options.push_port, config=PushConfig(expo_key=env.get("TWIN_EXPO_KEY", EXPO_KEY))),
    }


async def serve(options: argparse.Namespace) -> None:
    """Until SIGTERM or SIGINT. A port that is taken ends it at once, with the port in the message."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with AsyncExitStack() as stack:
        running = twins(options, os.environ)
        for twin in running.values():
            await stack.enter_async_context(twin)
        urls = ", ".join(f"{name} {twin.url}" for name, twin in running.items())
        print(f"twins ready: {urls}, smtp smtp://127.0.0.1:{options.smtp_port}", flush=True)
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(serve(arguments()))
