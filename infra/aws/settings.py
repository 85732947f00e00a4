"""What serverless.yml takes from the environment of whoever deploys, beyond what it names itself."""

from collections.abc import Mapping

from shared.errors import ConfigurationError
from shared.mailbox import AddressError, parse
from shared.settings import DEFAULT_REGION


def region(environ: Mapping[str, str]) -> str:
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables to add.

    Raises:
        ConfigurationError: mail goes by SES, and nothing says from whom.
    """
    return {"AWS_REGION": region(environ), "MAIL_DOMAIN": mail_domain(environ)}


def mail_domain(environ: Mapping[str, str]) -> str:
    """The one domain that a role may send mail from: EMAIL_FROM's; none where SES is not used."""
    if environ.get("EMAIL_PROVIDER", "ses") != "ses":
        return ""
    try:
        return parse(environ.get("EMAIL_FROM", ""), named=True).domain
    except AddressError as error:
        raise ConfigurationError(
            f"EMAIL_FROM {error}. Set the sender, of a domain that SES has verified, or EMAIL_PROVIDER=resend."
        ) from None
