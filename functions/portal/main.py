"""The players' page and its modules, and what no other function has for it: profile, score over time, recaps."""

from pathlib import Path

from functions.portal import mine
from shared import auth, identity
from shared.entrypoint import entrypoint
from shared.errors import NotFoundError
from shared.pages.site import Site
from shared.web import App, Call, Response

FOLDER = Path(__file__).parent
MODULES = sorted(path.name for path in FOLDER.glob("assets/*.js"))

app = App("portal")
site = Site("portal", FOLDER)


@app.route("GET", "/", guard=auth.anyone, media="text/html")
async def page(_call: Call) -> Response:
    """The page without anybody's data: its modules ask for those with the player's token."""
    return site.page("portal.html", modules=MODULES)


@app.route("GET", "/assets/{name}", guard=auth.anyone, media="*/*")
async def asset(call: Call) -> Response:
    """A stylesheet, a module or an icon."""
    return site.asset(call.request, call.params["name"])


app.route("GET", "/me", guard=identity.user, raises=(NotFoundError,))(mine.profile)
app.route("GET", "/scores", guard=identity.user, query=mine.Scores)(mine.scores)
app.route("GET", "/recaps", guard=identity.user, query=mine.Recaps)(mine.recaps)

main, handler = entrypoint(app)
