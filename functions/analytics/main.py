"""Events come in from players' apps; admins read what the views make of them."""

from functions.analytics import events, views
from shared import identity
from shared.entrypoint import entrypoint
from shared.web import App

app = App("analytics")
app.route("POST", "/events", guard=identity.user, body=events.Batch, answers={202: None})(events.take)
app.route("GET", "/", guard=identity.admin)(views.overview)
app.route("POST", "/refresh", guard=identity.admin, answers={202: None})(views.refresh)
app.route("GET", "/refreshes/{run}", guard=identity.admin)(views.progress)
app.route("GET", "/{view}", guard=identity.admin, query=views.Asked)(views.show)

main, handler = entrypoint(app)
