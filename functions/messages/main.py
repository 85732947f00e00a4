"""What partners write to each other. Only the two of a conversation see it; they write while they are partners."""

from functions.messages.asked import Letter, Listing, Opening, Page, Reading
from functions.messages.conversations import Conversations
from shared import identity
from shared.entrypoint import entrypoint
from shared.errors import ForbiddenError, NotFoundError
from shared.web import App, Call, Response, answer

app = App("messages")


@app.route("GET", "/", guard=identity.user, query=Listing)
async def conversations(call: Call) -> Response:
    """A page of conversations, the one with the newest message first."""
    asked, repository = call.query(Listing), Conversations(call.resources.db)
    found = await repository.latest(call.user, asked.cursor, asked.limit + 1)
    page, partners = found[: asked.limit], await call.resources.partners.accepted(call.user)
    for each in page:
        each["can_write"] = bool(each["partner"]) and each["partner"]["id"] in partners
    more = len(found) > asked.limit
    return answer(
        {
            "conversations": page,
            "has_more": more,
            "next_cursor": page[-1]["id"] if more else None,
            "total_unread": await repository.unread(call.user),
        }
    )


@app.route("POST", "/", guard=identity.user, body=Opening)
async def open_one(call: Call) -> Response:
    """201 for a new conversation, 200 for the one that the two have already."""
    partner = call.body(Opening).partner_id
    if not await call.resources.partners.are_partners(call.user, partner):
        raise NotFoundError("You have no such partner.")  # also where there is no such user: that is nobody's business
    identifier, new = await Conversations(call.resources.db).open(call.user, partner)
    return answer({"id": identifier, "partner_id": partner}, 201 if new else 200)


@app.route("GET", "/{conversation}/messages", guard=identity.user, query=Page)
async def page(call: Call) -> Response:
    """A page of messages, the newest first; `next_cursor` leads to those before them."""
    asked, repository = call.query(Page), Conversations(call.resources.db)
    conversation = await repository.one(call.user, call.uuid("conversation"))
    found = await repository.page(conversation.id, asked.cursor, asked.limit + 1)
    messages, more = found[: asked.limit], len(found) > asked.limit
    return answer(
        {
            "messages": [message.shown() for message in messages],
            "has_more": more,
            "next_cursor": str(messages[-1].number) if more else None,
        }
    )


@app.route("POST", "/{conversation}/messages", guard=identity.user, body=Letter)
async def send(call: Call) -> Response:
    """201 for a new message, 200 for one that was sent before under the same client_id."""
    letter, repository = call.body(Letter), Conversations(call.resources.db)
    conversation = await repository.one(call.user, call.uuid("conversation"))
    partner = conversation.partner_id
    if partner is None or not await call.resources.partners.are_partners(call.user, partner):
        raise ForbiddenError("You are no partners any more: what was written stays, but nothing can be added.")
    message, new = await repository.send(call.user, conversation.id, letter)
    return answer(message.shown(), 201 if new else 200)


@app.route("PUT", "/{conversation}/read", guard=identity.user, body=Reading)
async def read(call: Call) -> Response:
    """Mark as read up to a message, or all that is there; what was read stays read."""
    repository = Conversations(call.resources.db)
    await repository.read(call.user, call.uuid("conversation"), call.body(Reading).up_to)
    return answer({"total_unread": await repository.unread(call.user)})


main, handler = entrypoint(app)
