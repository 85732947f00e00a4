"""Telegram accounts that wait for the word from their email address."""

from dataclasses import dataclass, field
from datetime import datetime

from shared import sql
from shared.errors import UnprocessableError
from shared.mailbox import AddressError, parse
from shared.repositories.base import Repository

SQL = sql.beside(__file__, "registrations.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Holds until `expires_at`: ten minutes, as the table says."""

    telegram_id: int
    email: str = field(repr=False)
    expires_at: datetime
    created_at: datetime


class RegistrationRepository(Repository[Registration]):
    """`get` and `delete` take the Telegram account; one that ran out is not there any more."""

    noun, statements, record = "registration", SQL, Registration

    async def create(self, telegram_id: int, email: str) -> Registration:
        """Wait for the word from this address, for the next ten minutes; whatever the account waited for is forgotten.

        Raises:
            UnprocessableError: that is no email address.
        """
        try:
            address = parse(email).address
        except AddressError as error:
            raise UnprocessableError(f"The address {error}.") from None
        return await super().create(telegram_id=telegram_id, email=address)

    async def take(self, telegram_id: int) -> Registration | None:
        """The account's registration, which is gone then: of any number of callers one gets it. None if it ran out."""
        return await self._one(SQL.take, key=telegram_id)

    async def delete_expired(self) -> int:
        """How many had run out, and went."""
        return int((await self._row(SQL.delete_expired) or {})["gone"])
