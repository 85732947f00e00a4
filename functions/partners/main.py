"""Partners: who they are, and asking, answering and leaving. All of it wants a player's token."""

from uuid import UUID

from functions.partners import bonds, lists
from shared import identity
from shared.entrypoint import entrypoint
from shared.errors import ConflictError, NotFoundError
from shared.web import App

SENT, CONFLICTS = {201: None}, (NotFoundError, ConflictError)

app = App("partners", params={"request": UUID, "user": UUID})
app.route("GET", "/", guard=identity.user, query=lists.Partners)(lists.partners)
app.route("GET", "/requests", guard=identity.user, query=lists.Requests)(lists.requests)
app.route("POST", "/requests", guard=identity.user, body=bonds.Request, answers=SENT, raises=CONFLICTS)(bonds.send)
app.route("POST", "/requests/{request}/respond", guard=identity.user, body=bonds.Reply, raises=CONFLICTS)(bonds.respond)
app.route("DELETE", "/{user}", guard=identity.user, raises=(NotFoundError,))(bonds.remove)

main, handler = entrypoint(app)
