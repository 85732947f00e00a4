"""Stand-ins for the providers, on loopback only: real protocols, documented limits, faults on demand."""

from infra.local.twins.claude import ClaudeConfig, ClaudeTwin
from infra.local.twins.client import TwinClient
from infra.local.twins.push import PushConfig, PushTwin
from infra.local.twins.resend import ResendConfig, ResendTwin
from infra.local.twins.smtp import SmtpConfig, SmtpTwin
from infra.local.twins.stripe import StripeConfig, StripeTwin
from infra.local.twins.telegram import TelegramConfig, TelegramTwin

__all__ = [
    "ClaudeConfig",
    "ClaudeTwin",
    "PushConfig",
    "PushTwin",
    "ResendConfig",
    "ResendTwin",
    "SmtpConfig",
    "SmtpTwin",
    "StripeConfig",
    "StripeTwin",
    "TelegramConfig",
    "TelegramTwin",
    "TwinClient",
]
