"""What there is to see: items for sale, a player's own, their essence and what became of it."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from functions.shop.orders import Seen
from shared import sql
from shared.paging import Cursor, Page, cursor, written
from shared.web import Call, Response, answer

SQL = sql.beside(__file__, "shelves.sql")


class Shelf(Page):
    category: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(written)] | None = None
    before: UUID | None = None


class Inventory(Page):
    """`unseen`: gifts only that were not looked at yet."""

    unseen: bool = False
    before: Cursor | None = None


class Ledger(Page):
    before: Cursor | None = None


async def items(call: Call) -> Response:
    """A page of items for sale, the newest first; `next_before` leads to the next page."""
    asked = call.query(Shelf)
    rows = await call.resources.db.rows(SQL.items, **asked.model_dump(), repeatable=True)
    return answer({"items": rows, "next_before": rows[-1]["id"] if len(rows) == asked.limit else None})


async def inventory(call: Call) -> Response:
    """A page of the player's items, the newest first."""
    asked = call.query(Inventory)
    at, identifier = asked.before or (None, None)
    rows = await call.resources.db.rows(
        SQL.inventory,
        user=call.user,
        unseen=asked.unseen,
        before_at=at,
        before_id=identifier,
        limit=asked.limit,
        repeatable=True,
    )
    full = len(rows) == asked.limit
    return answer({"inventory": rows, "next_before": cursor(rows[-1]["acquired_at"], rows[-1]["id"]) if full else None})


async def balance(call: Call) -> Response:
    """The player's essence, and a page of what was added and taken, the newest first."""
    asked, db = call.query(Ledger), call.resources.db
    at, identifier = asked.before or (None, None)
    purse = await db.row(SQL.purse, user=call.user, repeatable=True)
    rows = await db.rows(
        SQL.ledger, user=call.user, before_at=at, before_id=identifier, limit=asked.limit, repeatable=True
    )
    full = len(rows) == asked.limit
    page = {"transactions": rows, "next_before": cursor(rows[-1]["created_at"], rows[-1]["id"]) if full else None}
    return answer({**(purse or {}), **page})


async def seen(call: Call) -> Response:
    """Note that gifts were looked at; how many of those named were new."""
    rows = await call.resources.db.rows(SQL.seen, user=call.user, ids=call.body(Seen).ids, repeatable=True)
    return answer({"seen": len(rows)})
