"""Trigger tasks, read their history, look into the queues, deal with dead letters. Everything wants a service key."""

from functools import partial
from typing import Literal
from uuid import UUID

from functions.admin import events, find, journal, letters, past, queues, suppressions, trigger, waves
from shared import auth
from shared.entrypoint import entrypoint
from shared.errors import ConflictError
from shared.paging import Reveal
from shared.queue.rows import NAMES, STATUSES
from shared.queue.search import Found
from shared.web import App

PARAMS = {
    "queue": Literal[*NAMES, *STATUSES],
    "row": UUID,
    "run": UUID,
    "wave": UUID,
    "entry": UUID,
    "event": UUID,
}
STARTED = {200: None, 202: None}  # done, or begun and going on
CLASH = (ConflictError,)

app = App("admin", params=PARAMS)
get = partial(app.route, "GET", guard=auth.service_key)
post = partial(app.route, "POST", guard=auth.service_key)
delete = partial(app.route, "DELETE", guard=auth.service_key)

post("/trigger-{task}", query=trigger.Waiting, body=trigger.Order, answers=STARTED, raises=trigger.FAILURES)(
    trigger.fire
)

get("/runs", query=journal.Asked)(journal.runs)
get("/runs/{run}")(journal.run)
get("/audit", query=journal.Acts)(journal.acts)

get("/queues")(queues.overview)
get("/queues/{queue}")(queues.depth)
post("/queues/{queue}/pause")(queues.pause)
post("/queues/{queue}/resume")(queues.resume)
get("/queues/{queue}/samples", query=past.Since)(past.page)
get("/queues/{queue}/rows", query=find.Listing, answers={200: Found})(find.page)
post("/queues/{queue}/search", body=find.Wanted, answers={200: Found})(find.by_body)
get("/queues/{queue}/rows/{row}", query=Reveal)(queues.one)

get("/queues/{queue}/dead-letters")(letters.groups)
post("/queues/{queue}/rows/{row}/requeue", raises=CLASH)(letters.requeue)
post("/queues/{queue}/rows/{row}/discard", raises=CLASH)(letters.discard)
post("/queues/{queue}/rows/{row}/restore", raises=CLASH)(letters.restore)
post("/queues/{queue}/requeue", body=letters.Act, answers=STARTED, raises=CLASH)(letters.requeue_many)
post("/queues/{queue}/discard", body=letters.Act)(letters.discard_many)
post("/queues/{queue}/restore", body=letters.Act)(letters.restore_many)
get("/queues/{queue}/waves", query=waves.Listing)(waves.page)
get("/queues/{queue}/waves/{wave}")(waves.show)
post("/queues/{queue}/waves/{wave}/advance")(waves.show)
post("/queues/{queue}/waves/{wave}/stop")(waves.stop)

get("/suppressions", query=suppressions.Listing)(suppressions.page)
post("/suppressions", body=suppressions.Address)(suppressions.add)
post("/suppressions/look-up", body=suppressions.Address)(suppressions.look_up)
get("/suppressions/{entry}", query=Reveal)(suppressions.one)
delete("/suppressions/{entry}")(suppressions.remove)
get("/events", query=events.Listing)(events.page)
get("/events/{event}", query=Reveal)(events.one)
post("/events/{event}/redeliver", raises=CLASH)(events.redeliver)

main, handler = entrypoint(app)
