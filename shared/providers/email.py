"""The way out for emails that EMAIL_PROVIDER chooses. Only the chosen one is imported."""

from typing import TYPE_CHECKING

from shared.errors import ConfigurationError
from shared.mailbox import AddressError, Mailbox, parse
from shared.providers.mail import Mailer
from shared.settings import Settings

if TYPE_CHECKING:
    import httpx


def mailer(settings: Settings, http: "httpx.AsyncClient") -> Mailer:
    """The mailer of these settings.

    Raises:
        ConfigurationError: the settings that it needs are missing or wrong.
    """
    from_box = sender(settings)
    match settings.email_provider:
        case "smtp":
            return _smtp(settings, from_box)
        case "resend":
            return _resend(settings, http)
        case "ses":
            return _ses(settings)


def sender(settings: Settings) -> Mailbox:
    """EMAIL_FROM, read: a wrong one would make a dead letter of every mail."""
    try:
        return parse(settings.email_from, named=True)
    except AddressError as error:
        raise ConfigurationError(f"EMAIL_FROM: {error}.") from None


def _smtp(settings: Settings, from_box: Mailbox) -> Mailer:
    from shared.providers import email_smtp, smtp_relay  # noqa: PLC0415 - only where it is used

    to = smtp_relay.relay(settings.smtp_url.get_secret_value())
    return email_smtp.Smtp(to, timeout=settings.email_timeout.total_seconds(), hello=from_box.domain)


def _resend(settings: Settings, http: "httpx.AsyncClient") -> Mailer:
    from shared.providers import email_resend  # noqa: PLC0415

    key, base, timeout = settings.resend_api_key, settings.resend_api_base, settings.email_timeout.total_seconds()
    if not key.get_secret_value():
        raise ConfigurationError("RESEND_API_KEY: it is needed where EMAIL_PROVIDER is resend.")
    return email_resend.Resend(http, base=base, key=key, timeout=timeout)


def _ses(settings: Settings) -> Mailer:
    from shared.providers import email_ses  # noqa: PLC0415

    return email_ses.Ses(
        region=settings.aws_region,
        endpoint=settings.aws_endpoint_url,
        configuration_set=settings.ses_configuration_set,
        timeout=settings.email_timeout.total_seconds(),
    )
