"""The rows of a queue: found by what is known of them, and each with its whole story and the acts on it."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from functions.console.page import DONE, WITHIN, read, show, to
from functions.console.queues import HERE
from functions.console.view import ROWS, View, further
from shared.last_good import Known
from shared.pages import forms
from shared.queue.letters import DEAD, Letters
from shared.queue.rows import STATUSES, Rows, table_of
from shared.queue.search import Search, Sought, search
from shared.web import Call, Response

Act = Callable[[Letters, UUID, str], Awaitable[None]]
ACTS = {**dict.fromkeys(DEAD, ("requeue", "discard")), "pending": ("discard",), "discarded": ("restore", "requeue")}


class Asked(View, Search):
    """What may stand in an address, which can be shared."""

    since: forms.Moment | None = None
    until: forms.Moment | None = None
    before: UUID | None = None


class Wanted(Asked, Sought):
    """Also whom a row is for, and its key: in a form's body alone."""


async def page(call: Call) -> Response:
    """A page of rows, newest first."""
    asked, queue = call.query(Asked), table_of(call.params["queue"])
    known = await read(call, "rows", lambda db: found(db, queue, asked))
    before = known.value["next_before"]
    return listing(call, queue, known, older=further(call, before=before) if before else None)


async def by_form(call: Call) -> Response:
    """The same by recipient or key; nothing of it stays in the address."""
    asked, queue = forms.form(call, Wanted), table_of(call.params["queue"])
    async with call.resources.db.bounded(WITHIN) as db:
        rows = await found(db, queue, asked)
    again = {name: value for name, value in forms.fields(call.request).items() if name not in (forms.TOKEN, "before")}
    return listing(call, queue, None, rows=rows, again=again)


async def one(call: Call) -> Response:
    """One row: why it has not gone out, what was tried; what it says is only described."""
    queue, identifier = table_of(call.params["queue"]), call.uuid("row")
    known = await read(call, "row", lambda db: Rows(db).one(queue, identifier, reveal=False))
    return show(
        call,
        "row.html",
        title="One row",
        section="Queues",
        trail=trail(queue),
        known=(known,),
        row=known.value,
        place=f"{HERE}/{queue}/rows/{identifier}",
        acts_on=ACTS.get(known.value["status"], ()),
    )


async def reveal(call: Call) -> Response:
    """What a row says, and to whom; that somebody looked is recorded first."""
    queue, identifier = table_of(call.params["queue"]), call.uuid("row")
    rows = Rows(call.resources.db)
    await rows.note(call.caller.name, "reveal", f"{queue}/{identifier}")
    row, above = await rows.one(queue, identifier, reveal=True), f"{HERE}/{queue}/rows/{identifier}"
    way = (*trail(queue), ("One row", above))
    return show(call, "row_content.html", title="What it says", section="Queues", trail=way, row=row)


async def requeue(call: Call) -> Response:
    """Send a row again, attempts afresh."""
    return await done(call, Letters.requeue, "requeued")


async def discard(call: Call) -> Response:
    """Give a row up."""
    return await done(call, Letters.discard, "discarded")


async def restore(call: Call) -> Response:
    """Undo that."""
    return await done(call, Letters.restore, "restored")


async def done(call: Call, act: Act, word: str) -> Response:
    """Do it, and go back to the row's page, where `word` says what was done."""
    queue, identifier = table_of(call.params["queue"]), call.uuid("row")
    await act(Letters(call.resources.db, queue), identifier, call.caller.name)
    return to(f"{HERE}/{queue}/rows/{identifier}?{DONE}={word}")


async def found(db: Any, queue: str, asked: Asked) -> dict[str, Any]:
    kind = Sought if isinstance(asked, Wanted) else Search
    which = kind.model_validate(asked.model_dump(include=set(kind.model_fields), exclude_none=True))
    return (await search(db, queue, which, ROWS, asked.before)).model_dump()


def listing(call: Call, queue: str, known: Known[Any] | None, **values: Any) -> Response:
    given: dict[str, Any] = {"older": None, "again": None, "rows": known.value if known else None} | values
    return show(
        call,
        "rows.html",
        title="Rows",
        section="Queues",
        trail=trail(queue)[:2],
        known=(known,) if known else (),
        queue=queue,
        place=f"{HERE}/{queue}",
        statuses=STATUSES[queue],
        **given,
    )


def trail(queue: str) -> tuple[tuple[str, str], ...]:
    return (("Queues", HERE), (queue, f"{HERE}/{queue}"), ("Rows", f"{HERE}/{queue}/rows"))
