"""Dead letters: what killed them, what an act on many would do, the act, and a requeue on its way."""

from contextlib import suppress
from typing import Any, Literal

from pydantic import Field

from functions.console.page import DONE, read, show, to
from functions.console.queues import COUNTED, HERE
from functions.console.view import View
from shared.db import Session
from shared.errors import UnavailableError
from shared.last_good import Known
from shared.pages import forms
from shared.queue.forecast import forecast
from shared.queue.letters import DEAD, DISCARDED, Filter, Fingerprint, Letters
from shared.queue.rows import CAP as MOST
from shared.queue.rows import Rows, table_of
from shared.queue.waves import Waves
from shared.web import Call, Response

WAVES = 5  # requeues that are listed, the newest
AMONG = {"requeue": DEAD, "discard": DEAD, "restore": DISCARDED}


class Which(View):
    """The filter, as a form has it."""

    fingerprint: Fingerprint | None = None
    older_than: forms.Moment | None = None
    newer_than: forms.Moment | None = None
    limit: int = Field(MOST, ge=1, le=MOST)

    def filter(self) -> Filter:
        return Filter.model_validate(self.model_dump(include=set(Which.model_fields) - {"done"}, exclude_none=True))


class Asked(Which):
    act: Literal["requeue", "discard", "restore"]


async def page(call: Call) -> Response:
    """Errors with their letters, the form that chooses among them, requeues so far."""
    queue = table_of(call.params["queue"])
    call.query(View)
    known = await read(call, "letters", lambda db: look(db, queue))
    return page_of(call, queue, "letters.html", "Dead letters", known, **known.value)


async def preview(call: Call) -> Response:
    """What an act would do: to how many, to whom, how many maybe twice, until when."""
    queue, asked = table_of(call.params["queue"]), call.query(Asked)

    async def ahead(db: Session) -> dict[str, Any]:
        which = asked.filter()
        chosen = await Letters(db, queue).chosen(which, AMONG[asked.act])
        return forecast(queue, chosen, which, await Rows(db).due(queue, MOST), call.resources.settings)

    known = await read(call, "preview", ahead)
    fields = asked.model_dump(mode="json", exclude_none=True, exclude={"act", "done"})
    values = {"ahead": known.value, "act": asked.act, "fields": fields, "older": asked.fingerprint}
    return page_of(call, queue, "preview.html", f"{asked.act.capitalize()}: what it would do", known, **values)


async def requeue(call: Call) -> Response:
    """Begin a requeue: 1, then 10, then all."""
    queue, which = table_of(call.params["queue"]), forms.form(call, Which).filter()
    chosen = await Letters(call.resources.db, queue).chosen(which)
    if not chosen:
        return to(f"{HERE}/{queue}/dead-letters?{DONE}=none")
    ids = [row["id"] for row in chosen]
    wave = await Waves(call.resources.db, queue).begin(ids, call.caller.name, which.document())
    return to(f"{HERE}/{queue}/waves/{wave['id']}?{DONE}=begun")


async def discard(call: Call) -> Response:
    """Give up all that the filter means."""
    queue, letters = table_of(call.params["queue"]), letters_of(call)
    chosen = await letters.chosen(forms.form(call, Which).filter())
    await letters.discard_all([row["id"] for row in chosen], call.caller.name)
    return to(f"{HERE}/{queue}/dead-letters?{DONE}={'discards' if chosen else 'none'}")


async def restore(call: Call) -> Response:
    """Undo all discards that the filter means."""
    queue, letters = table_of(call.params["queue"]), letters_of(call)
    chosen = await letters.chosen(forms.form(call, Which).filter(), DISCARDED)
    await letters.restore_all([row["id"] for row in chosen], call.caller.name)
    return to(f"{HERE}/{queue}/dead-letters?{DONE}={'restores' if chosen else 'none'}")


async def wave(call: Call) -> Response:
    """A requeue on its way. To look at it takes it further, once everything that it released has gone out."""
    queue, identifier = table_of(call.params["queue"]), call.uuid("wave")
    with suppress(UnavailableError):
        await Waves(call.resources.db, queue).advance(identifier)
    known = await read(call, "wave", lambda db: Waves(db, queue).look(identifier))
    return page_of(call, queue, "wave.html", "Requeue", known, wave=known.value)


async def stop(call: Call) -> Response:
    """End it; what has not been tried yet goes back to the dead letters."""
    queue, identifier = table_of(call.params["queue"]), call.uuid("wave")
    await Waves(call.resources.db, queue).stop(identifier, call.caller.name)
    return to(f"{HERE}/{queue}/waves/{identifier}?{DONE}=stopped")


async def look(db: Session, queue: str) -> dict[str, Any]:
    """All that the page of dead letters shows."""
    groups = await Letters(db, queue).groups(COUNTED)
    waves = await Waves(db, queue).latest(WAVES, None)
    return {"groups": [group for group in groups if group["letters"]], "waves": waves}


def letters_of(call: Call) -> Letters:
    return Letters(call.resources.db, table_of(call.params["queue"]))


def page_of(call: Call, queue: str, template: str, title: str, known: Known[Any], **values: Any) -> Response:
    place = f"{HERE}/{queue}"
    way = [("Queues", HERE), (queue, place)]
    way += [("Dead letters", f"{place}/dead-letters")] if template != "letters.html" else []
    return show(
        call,
        template,
        title=title,
        section="Queues",
        trail=tuple(way),
        known=(known,),
        queue=queue,
        place=place,
        **values,
    )
