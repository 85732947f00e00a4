"""Who did what."""

from uuid import UUID

from functions.console.page import read, show
from functions.console.view import ROWS, View, further
from shared import audit
from shared.web import Call, Response


class Asked(View, audit.Which):
    before: UUID | None = None


async def page(call: Call) -> Response:
    """A page of acts, newest first, by actor, act or subject."""
    asked = call.query(Asked)
    acts = await read(call, "acts", lambda db: audit.acts(db, asked, ROWS, asked.before))
    full = len(acts.value) == ROWS
    older = further(call, before=acts.value[-1]["id"]) if full else None
    return show(call, "audit.html", title="Audit", section="Audit", known=(acts,), rows=acts.value, older=older)
