"""Trigger tasks, read their history, look into the queues, deal with dead letters. Everything wants a service key."""

from functions.admin import events, find, journal, letters, queues, suppressions, trigger, waves
from shared import auth
from shared.entrypoint import entrypoint
from shared.web import App

ROUTES = (
    ("POST", "/trigger-{task}", trigger.fire),
    ("GET", "/runs", journal.runs),
    ("GET", "/runs/{run}", journal.run),
    ("GET", "/audit", journal.acts),
    ("GET", "/queues", queues.overview),
    ("GET", "/queues/{queue}", queues.depth),
    ("POST", "/queues/{queue}/pause", queues.pause),
    ("POST", "/queues/{queue}/resume", queues.resume),
    ("GET", "/queues/{queue}/rows", find.page),
    ("POST", "/queues/{queue}/search", find.by_body),
    ("GET", "/queues/{queue}/rows/{row}", queues.one),
    ("GET", "/queues/{queue}/dead-letters", letters.groups),
    ("POST", "/queues/{queue}/rows/{row}/requeue", letters.requeue),
    ("POST", "/queues/{queue}/rows/{row}/discard", letters.discard),
    ("POST", "/queues/{queue}/rows/{row}/restore", letters.restore),
    ("POST", "/queues/{queue}/requeue", letters.requeue_many),
    ("POST", "/queues/{queue}/discard", letters.discard_many),
    ("POST", "/queues/{queue}/restore", letters.restore_many),
    ("GET", "/queues/{queue}/waves", waves.page),
    ("GET", "/queues/{queue}/waves/{wave}", waves.show),
    ("POST", "/queues/{queue}/waves/{wave}/advance", waves.show),
    ("POST", "/queues/{queue}/waves/{wave}/stop", waves.stop),
    ("GET", "/suppressions", suppressions.page),
    ("POST", "/suppressions", suppressions.add),
    ("POST", "/suppressions/look-up", suppressions.look_up),
    ("GET", "/suppressions/{entry}", suppressions.one),
    ("DELETE", "/suppressions/{entry}", suppressions.remove),
    ("GET", "/events", events.page),
    ("GET", "/events/{event}", events.one),
    ("POST", "/events/{event}/redeliver", events.redeliver),
)

app = App("admin")
for method, template, handler_of_route in ROUTES:
    app.route(method, template, guard=auth.service_key)(handler_of_route)

main, handler = entrypoint(app)
