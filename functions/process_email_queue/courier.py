"""One email: its limits, whether it may go out at all, its fate."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self
from uuid import UUID

from shared.errors import UnavailableError
from shared.limits import Permit
from shared.log import log, masked
from shared.mailbox import canonical
from shared.outcome import Dead, Fate, Skip
from shared.providers.email import mailer
from shared.providers.mail import Bounced, Mail
from shared.queue import Email
from shared.repositories import emails
from shared.task import Run


class Courier:
    """Sends rows of `email_queue`; its connections last as long as the run."""

    def __init__(self, run: Run) -> None:
        self.run, self.settings = run, run.settings
        self.mailer = mailer(run.settings, run.http)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.mailer.close()

    def permits(self, row: Email) -> list[Permit]:
        """So many in all, so many to one recipient; whoever reads the limiter's keys learns no address."""
        window = self.settings.email_window.total_seconds()
        recipient = f"email:to:{masked(canonical(row.to_email))}"
        return [
            Permit("email:all", self.settings.email_per_minute, window),
            Permit(recipient, self.settings.email_per_recipient_per_minute, window),
        ]

    async def screen(self, rows: Sequence[Email]) -> Mapping[UUID, Fate]:
        """Rows to addresses on the suppression list."""
        reasons = await emails.suppressed(self.run.db, {row.to_email for row in rows})
        return {
            row.id: Skip(f"the address is on the suppression list ({reason})")
            for row in rows
            if (reason := unwanted(row, reasons))
        }

    async def send(self, row: Email) -> Fate:
        """Hand a mail to the provider; remember a hard bounce."""
        fate = await self.mailer.send(self.mail(row))
        if not isinstance(fate, Bounced):
            return fate
        await self.bounced(row, fate)
        return Dead(fate.why)

    async def bounced(self, row: Email, fate: Bounced) -> None:
        """No more mail to this address. Where that cannot be noted, the next mail to it bounces and notes it."""
        detail = {"status": fate.code, "email_id": str(row.id)}
        source = self.settings.email_provider
        try:
            await emails.suppress(self.run.db, row.to_email, "bounce", source=source, detail=detail)
        except UnavailableError as error:
            log.warning("a bounce could not be noted", row=row.id, error_type=type(error).__name__)

    def mail(self, row: Email) -> Mail:
        return Mail(
            id=row.id,
            to_email=row.to_email,
            from_email=row.from_email or self.settings.email_from,
            subject=row.subject,
            html=row.html,
            text=row.text,
            reply_to=row.reply_to,
            headers=row.headers,
            email_type=row.email_type,
            unsubscribe_url=unsubscribe_url(row),
        )


def unwanted(row: Email, reasons: Mapping[str, str]) -> str | None:
    """Why a row is not sent. Who only unsubscribed still gets what is no subscription, such as a receipt."""
    reason = reasons.get(row.to_email)
    return None if reason == "unsubscribe" and not unsubscribe_url(row) else reason


def unsubscribe_url(row: Email) -> object:
    """What the metadata holds, which another program may have filled with anything."""
    return row.metadata.get(emails.UNSUBSCRIBE) if isinstance(row.metadata, dict) else None
