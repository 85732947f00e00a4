"""Addresses that get no mail: the list, one address looked up, entries by hand."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from shared.mailbox import parse
from shared.paging import Asked, Page, Reveal
from shared.queue.rows import Rows
from shared.suppressions import Reason, Suppressions
from shared.web import Call, Response, answer


def address(text: str) -> str:
    parse(text)
    return text


class Listing(Reveal, Page):
    reason: Reason | None = None
    before: UUID | None = None


class Address(Asked):
    """In the body and not in the URL, which logs keep."""

    address: Annotated[str, Field(max_length=320), AfterValidator(address)]


async def page(call: Call) -> Response:
    """A page of entries, newest first."""
    asked, entries = call.query(Listing), Suppressions(call.resources.db)
    found = await entries.page(asked.limit, asked.before, asked.reason, reveal=asked.reveal)
    if asked.reveal:
        shown = [str(entry["id"]) for entry in found]
        await Rows(call.resources.db).note(call.caller.name, "reveal", "email_suppressions", entries=shown)
    return answer({"suppressions": found, "next_before": found[-1]["id"] if len(found) == asked.limit else None})


async def look_up(call: Call) -> Response:
    """Whether an address gets mail, and if not, why."""
    entry = await Suppressions(call.resources.db).of(call.body(Address).address)
    return answer({"suppressed": entry is not None, "entry": entry})


async def one(call: Call) -> Response:
    """One entry."""
    reveal, identifier = call.query(Reveal).reveal, call.uuid("entry")
    entry = await Suppressions(call.resources.db).one(identifier, reveal=reveal)
    if reveal:
        await Rows(call.resources.db).note(call.caller.name, "reveal", f"email_suppressions/{identifier}")
    return answer(entry)


async def add(call: Call) -> Response:
    """Write to an address no more."""
    identifier, added = await Suppressions(call.resources.db).add(call.body(Address).address, call.caller.name)
    return answer({"id": identifier, "added": added})


async def remove(call: Call) -> Response:
    """Write to an address again."""
    await Suppressions(call.resources.db).remove(call.uuid("entry"), call.caller.name)
    return answer({"id": call.uuid("entry"), "removed": True})
