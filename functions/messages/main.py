"""What partners write to each other. Only the two of a conversation see it; they write while they are partners."""

from uuid import UUID

from functions.messages import asked
from functions.messages.conversations import Conversations
from shared import identity
from shared.entrypoint import entrypoint
from shared.errors import ConflictError, ForbiddenError, NotFoundError
from shared.web import App, Call, Response, answer

NEW_OR_KNOWN = {201: None, 200: None}

app = App("messages", params={"conversation": UUID})


@app.route("GET", "/", guard=identity.user, query=asked.Conversations)
async def conversations(call: Call) -> Response:
    """A page of conversations, the one with the newest message first."""
    wanted, repository = call.query(asked.Conversations), Conversations(call.resources.db)
    found = await repository.latest(call.user, wanted.cursor, wanted.limit + 1)
    page, partners = found[: wanted.limit], await call.resources.partners.accepted(call.user)
    for each in page:
        each["can_write"] = bool(each["partner"]) and each["partner"]["id"] in partners
    more = len(found) > wanted.limit
    return answer(
        {
            "conversations": page,
            "has_more": more,
            "next_cursor": page[-1]["id"] if more else None,
            "total_unread": await repository.unread(call.user),
        }
    )


@app.route("POST", "/", guard=identity.user, body=asked.Opening, answers=NEW_OR_KNOWN, raises=(NotFoundError,))
async def open_one(call: Call) -> Response:
    """Open the conversation with a partner.

    201 for a new one, 200 for the one that the two have already.
    """
    partner = call.body(asked.Opening).partner_id
    if not await call.resources.partners.are_partners(call.user, partner):
        raise NotFoundError("You have no such partner.")  # also where there is no such user: that is nobody's business
    identifier, new = await Conversations(call.resources.db).open(call.user, partner)
    return answer({"id": identifier, "partner_id": partner}, 201 if new else 200)


@app.route("GET", "/{conversation}/messages", guard=identity.user, query=asked.Messages)
async def page(call: Call) -> Response:
    """A page of messages, the newest first; `next_cursor` leads to those before them."""
    wanted, repository = call.query(asked.Messages), Conversations(call.resources.db)
    conversation = await repository.one(call.user, call.uuid("conversation"))
    found = await repository.page(conversation.id, wanted.cursor, wanted.limit + 1)
    messages, more = found[: wanted.limit], len(found) > wanted.limit
    return answer(
        {
            "messages": [message.shown() for message in messages],
            "has_more": more,
            "next_cursor": str(messages[-1].number) if more else None,
        }
    )


@app.route(
    "POST",
    "/{conversation}/messages",
    guard=identity.user,
    body=asked.Letter,
    answers=NEW_OR_KNOWN,
    raises=(ForbiddenError, ConflictError),
)
async def send(call: Call) -> Response:
    """Send a message.

    201 for a new one, 200 for one that was sent before under the same client_id.
    """
    letter, repository = call.body(asked.Letter), Conversations(call.resources.db)
    conversation = await repository.one(call.user, call.uuid("conversation"))
    partner = conversation.partner_id
    if partner is None or not await call.resources.partners.are_partners(call.user, partner):
        raise ForbiddenError("You are no partners any more: what was written stays, but nothing can be added.")
    message, new = await repository.send(call.user, conversation.id, letter)
    return answer(message.shown(), 201 if new else 200)


@app.route("PUT", "/{conversation}/read", guard=identity.user, body=asked.Reading)
async def read(call: Call) -> Response:
    """Mark as read up to a message, or all that is there; what was read stays read."""
    repository = Conversations(call.resources.db)
    await repository.read(call.user, call.uuid("conversation"), call.body(asked.Reading).up_to)
    return answer({"total_unread": await repository.unread(call.user)})


main, handler = entrypoint(app)
