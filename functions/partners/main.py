"""Partners: who they are, and asking, answering and leaving. All of it wants a player's token."""

from functions.partners import bonds, lists
from shared import identity
from shared.entrypoint import entrypoint
from shared.web import App

app = App("partners")
app.route("GET", "/", guard=identity.user, query=lists.Partners)(lists.partners)
app.route("GET", "/requests", guard=identity.user, query=lists.Requests)(lists.requests)
app.route("POST", "/requests", guard=identity.user, body=bonds.Request)(bonds.send)
app.route("POST", "/requests/{request}/respond", guard=identity.user, body=bonds.Reply)(bonds.respond)
app.route("DELETE", "/{user}", guard=identity.user)(bonds.remove)

main, handler = entrypoint(app)
