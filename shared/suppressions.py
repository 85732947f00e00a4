"""The list of addresses that get no mail, for people: looked through, looked up, added to, taken from."""

from typing import Any, Literal
from uuid import UUID

from shared import sql
from shared.db import Row, Session
from shared.errors import NotFoundError
from shared.log import masked
from shared.mailbox import canonical, parse

SQL = sql.beside(__file__, "suppressions.sql")
Reason = Literal["bounce", "complaint", "manual", "unsubscribe"]


class Suppressions:
    """Entries are rows with `id`, `address`, `reason`, `source`, `created_at`; addresses are masked unless revealed."""

    def __init__(self, db: Session) -> None:
        self.db = db

    async def page(self, limit: int, before: UUID | None, reason: Reason | None, *, reveal: bool) -> list[Row]:
        """Entries older than `before`, newest first."""
        found = await self.db.rows(SQL.page, limit=limit, before=before, reason=reason, repeatable=True)
        return [entry if reveal else shown(entry) for entry in found]

    async def of(self, address: str) -> Row | None:
        """The entry of an address, in whatever spelling; None: it gets mail.

        Raises:
            AddressError: it is not an address.
        """
        found = await self.db.row(SQL.of, address=canonical(parse(address).address), repeatable=True)
        return shown(found) if found else None

    async def one(self, identifier: UUID, *, reveal: bool) -> Row:
        """One entry.

        Raises:
            NotFoundError: there is none of that id.
        """
        found = await self.db.row(SQL.one, id=identifier, repeatable=True)
        if found is None:
            raise NotFoundError("There is no entry of that id. It may have been removed.")
        return found if reveal else shown(found)

    async def add(self, address: str, actor: str) -> tuple[UUID, bool]:
        """Write to an address no more: the entry's id, and whether it is new. Recorded, and safe to repeat.

        Raises:
            AddressError: it is not an address.
        """
        spelled = canonical(parse(address).address)
        row = await self.db.row(SQL.add, address=spelled, masked=masked(spelled), actor=actor, repeatable=True)
        found = row or {}
        return found["id"], found["added"]

    async def remove(self, identifier: UUID, actor: str) -> None:
        """Write to an address again; recorded.

        Raises:
            NotFoundError: there is no such entry.
        """
        entry = await self.one(identifier, reveal=True)
        gone = await self.db.row(SQL.remove, id=identifier, masked=masked(entry["address"]), actor=actor)
        if gone is None:
            raise NotFoundError("Somebody else has removed this entry just now.")


def shown(entry: Row) -> dict[str, Any]:
    """An entry without the address: equal ones look equal, and nobody can read them."""
    return entry | {"address": masked(entry["address"])}
