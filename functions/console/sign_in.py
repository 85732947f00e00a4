"""Signing in, with a service key or an admin's token, and out."""

import re

from pydantic import BaseModel, ConfigDict, Field

from functions.console import session
from functions.console.page import SITE, to
from shared import auth, identity
from shared.errors import NightshiftError
from shared.pages import forms
from shared.web import Call, Caller, Response

HOME = "/console"
OURS = re.compile(r"/console(?:[/?][!-\[\]-~]*)?")  # printable, no backslash: browsers read one as a slash
STEPS = re.compile(r"/\.{0,2}(?:/|$)")


class Asked(BaseModel):
    next: str = HOME


class Proof(BaseModel):
    model_config = ConfigDict(extra="forbid")

    key: str = Field(max_length=8192)
    next: str = HOME


async def page(call: Call) -> Response:
    """The form; whoever is signed in already goes on."""
    place = safe(call.query(Asked).next)
    if session.opened(session.cookie(call.request), call.resources.settings):
        return to(place)
    # A link from another site brings no cookie along. The page loads itself once more, which does.
    again = call.request.headers.get("sec-fetch-site") == "cross-site"
    return SITE.page("sign_in.html", place=place, again=again, wrong=None)


async def enter(call: Call) -> Response:
    """Check the key and begin a session."""
    forms.refuse_foreign(call.request)
    proof = forms.form(call, Proof)
    place = safe(proof.next)
    try:
        caller, ends = await admitted(call, proof.key.strip())
        return to(place, {"set-cookie": session.begun(caller, call.request, call.resources.settings, ends)})
    except NightshiftError as error:
        wait = {"retry-after": str(error.extra["retry_after"])} if "retry_after" in error.extra else {}
        return SITE.page("sign_in.html", error.status, wait, place=place, again=False, wrong=error.detail)


async def leave(call: Call) -> Response:
    """End the session of this browser."""
    return to(f"{HOME}/sign-in", {"set-cookie": session.ended(call.request)})


async def admitted(call: Call, key: str) -> tuple[Caller, float | None]:
    """Who has this key or token, and when the token ends.

    Raises:
        UnauthorizedError, TooManyRequestsError: it is neither; counted against the address.
        ForbiddenError: a user who is no admin.
    """
    known = auth.known(key, call)
    if not known and key.count(".") == 2:  # noqa: PLR2004 - a JWT has three parts
        claims = await identity.claims_of(key, call)
        return identity.administrator(claims), float(claims["exp"])
    if not known:
        await auth.failed(call, "This key is not known.")
    return auth.holder(key), None


def safe(place: str) -> str:
    """A place of this console, whatever was asked for."""
    path = place.partition("?")[0]
    return place if OURS.fullmatch(place) and not STEPS.search(path.removeprefix("/")) else HOME
