"""What changes who are partners. Afterwards nobody's kept list is an old one (`shared.partners`)."""

from uuid import UUID

from psycopg.errors import ForeignKeyViolation
from pydantic import StrictBool

from shared import sql
from shared.errors import ConflictError, NotFoundError, UnprocessableError
from shared.paging import Asked
from shared.web import Call, Response, answer

SQL = sql.beside(__file__, "bonds.sql")


class Request(Asked):
    """Whom to ask."""

    user_id: UUID


class Reply(Asked):
    accept: StrictBool


async def send(call: Call) -> Response:
    """Ask somebody to be a partner. Where they have asked already, that is a yes.

    Raises:
        UnprocessableError: they are the player.
        NotFoundError: there is no such user.
        ConflictError: something is between the two already. One who declined may ask by themselves; nobody learns here
            that they did.
    """
    user, other = call.user, call.body(Request).user_id
    if user == other:
        raise UnprocessableError("Nobody is their own partner.")
    async with call.resources.partners.changing(user, other):
        try:
            row = await call.resources.db.row(SQL.send, user=user, other=other)
        except ForeignKeyViolation:
            raise NotFoundError("There is no such user.") from None
        if row is None:
            raise ConflictError("There is a request, or more, between the two of you already.")
    return answer(row, 201)


async def respond(call: Call) -> Response:
    """Accept or decline a request; the same answer again changes nothing.

    Raises:
        NotFoundError: nobody asked the player by this request.
        ConflictError: it has another answer.
    """
    request, accept, db = call.uuid("request"), call.body(Reply).accept, call.resources.db
    asked = await db.row(SQL.asked, id=request, user=call.user, repeatable=True)
    if asked is None:
        raise NotFoundError("There is no such request to you.")
    async with call.resources.partners.changing(call.user, asked["requester_id"]):
        row = await db.row(SQL.respond, id=request, user=call.user, accept=accept, repeatable=True)
        if row is None:
            raise ConflictError("This request has another answer already.")
    return answer(row)


async def remove(call: Call) -> Response:
    """End a partnership, or take back a request, whichever side asked.

    Raises:
        NotFoundError: they are no partner, and nothing waits for an answer.
    """
    other = call.uuid("user")
    async with call.resources.partners.changing(call.user, other):
        if await call.resources.db.row(SQL.remove, user=call.user, other=other) is None:
            raise NotFoundError("There is no such partner.")
    return answer({"user_id": other, "removed": True})
