"""Addresses that get no mail: the list, one looked up, added and taken off. Whole addresses are never shown."""

from typing import Annotated, get_args
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from functions.console.page import DONE, read, show, to
from functions.console.view import ROWS, View, further
from shared.mailbox import parse
from shared.pages import forms
from shared.suppressions import Reason, Suppressions
from shared.web import Call, Response

HERE = "/console/suppressions"


def readable(address: str) -> str:
    parse(address)
    return address


class Address(BaseModel):
    """It comes in a form's body, also where it is only looked up: an address has no place in a URL."""

    model_config = ConfigDict(extra="forbid")

    address: Annotated[str, Field(max_length=320), AfterValidator(readable)]


class Asked(View):
    reason: Reason | None = None
    before: UUID | None = None


async def page(call: Call) -> Response:
    """The newest entries, and the forms."""
    asked = call.query(Asked)
    entries = await read(
        call, "entries", lambda db: Suppressions(db).page(ROWS, asked.before, asked.reason, reveal=False)
    )
    full = len(entries.value) == ROWS
    return show(
        call,
        "suppressions.html",
        title="Suppressions",
        section="Suppressions",
        known=(entries,),
        entries=entries.value,
        reasons=get_args(Reason),
        older=further(call, before=entries.value[-1]["id"]) if full else None,
    )


async def look_up(call: Call) -> Response:
    """Whether an address gets mail."""
    entry = await Suppressions(call.resources.db).of(forms.form(call, Address).address)
    trail = (("Suppressions", HERE),)
    return show(call, "suppression.html", title="One address", section="Suppressions", trail=trail, entry=entry)


async def add(call: Call) -> Response:
    """Write to an address no more."""
    _, new = await Suppressions(call.resources.db).add(forms.form(call, Address).address, call.caller.name)
    return to(f"{HERE}?{DONE}={'added' if new else 'there'}")


async def remove(call: Call) -> Response:
    """Write to an address again."""
    await Suppressions(call.resources.db).remove(call.uuid("entry"), call.caller.name)
    return to(f"{HERE}?{DONE}=removed")
