"""Buying and giving through the API (seed 000, task 2; spec, section 9)."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from functions.shop.main import app
from functions.shop.orders import Gift, InsufficientEssenceError, ItemNotFoundError, NotPartnerError, SelfGiftError
from functions.shop.purchase import buy_item, gift_item
from shared.resources import Resources
from shared.web import Request, Response
from tests import nightshift, players
from tests.integration.partners.couples import pair
from tests.integration.shop.goods import balance, books_balance, buyer, item, rows
from tests.nightshift import Connection, content


async def post(resources: Resources, user: UUID, path: str, **body: Any) -> Response:
    sent = {name: str(value) if isinstance(value, UUID) else value for name, value in body.items()}
    return await players.ask(app, resources, user, "POST", path, body=sent)


async def giver(conn: Connection, essence: int = 100, **names: str) -> tuple[UUID, UUID]:
    """A user with essence, and their partner."""
    user, friend = await buyer(conn, essence, display_name="Mira"), await nightshift.user(conn)
    for name, value in names.items():
        await conn.execute(f"update users set {name} = %s where id = %s", [value, friend])  # noqa: S608
    await pair(conn, user, friend)
    return user, friend


async def test_rf_2_1_a_player_buys_an_item(resources: Resources, conn: Connection) -> None:
    """RF-2.1."""
    user, lamp = await buyer(conn), await item(conn)
    response = await post(resources, user, "/buy", item_id=lamp)
    [owned] = await rows(conn, "select id from user_items where user_id = %s and item_id = %s", user, lamp)
    wanted = {"inventory_id": str(owned["id"]), "item_name": "Desk lamp", "cost": 5, "new_balance": 95}
    assert (response.status, content(response)) == (201, wanted)


@pytest.mark.parametrize("essence", [4, None], ids=["too little", "no purse"])
async def test_rf_2_2_too_little_essence_is_an_error_of_its_own(
    resources: Resources, conn: Connection, essence: int | None
) -> None:
    """RF-2.2."""
    user = await nightshift.user(conn) if essence is None else await buyer(conn, essence)
    lamp = await item(conn, 5)
    with pytest.raises(InsufficientEssenceError):
        await buy_item(resources.db, user, lamp)
    response = await post(resources, user, "/buy", item_id=lamp)
    assert (response.status, content(response)["code"]) == (409, "insufficient_essence")


async def test_rf_2_3_an_unknown_item_is_an_error_of_its_own(resources: Resources, conn: Connection) -> None:
    """RF-2.3."""
    user = await buyer(conn)
    with pytest.raises(ItemNotFoundError):
        await buy_item(resources.db, user, uuid4())
    response = await post(resources, user, "/buy", item_id=uuid4())
    assert response.headers["content-type"] == "application/problem+json"
    assert content(response) == {
        "type": "urn:nightshift:item_not_found",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no such item for sale.",
        "code": "item_not_found",
    }


async def test_rf_2_4_a_gift_says_what_was_spent_and_for_whom(resources: Resources, conn: Connection) -> None:
    """RF-2.4."""
    (user, friend), lamp = await giver(conn, display_name="Jonas"), await item(conn)
    response = await post(resources, user, "/gift", item_id=lamp, recipient_id=friend, message="Happy birthday!")
    [owned] = await rows(conn, "select id, gifted_by, gift_message from user_items where user_id = %s", friend)
    wanted = {"inventory_id": str(owned["id"]), "item_name": "Desk lamp", "cost": 5, "new_balance": 95}
    assert (response.status, content(response)) == (201, wanted | {"recipient_name": "Jonas"})
    assert (owned["gifted_by"], owned["gift_message"]) == (user, "Happy birthday!")


async def test_rf_2_5_nobody_gives_to_themselves(resources: Resources, conn: Connection) -> None:
    """RF-2.5."""
    user, lamp = await buyer(conn), await item(conn)
    with pytest.raises(SelfGiftError):
        await gift_item(resources.db, user, Gift(item_id=lamp, recipient_id=user))
    response = await post(resources, user, "/gift", item_id=lamp, recipient_id=user)
    assert (response.status, content(response)["code"]) == (422, "self_gift")
    assert await balance(conn, user) == 100


@pytest.mark.parametrize("between", ["nothing", "pending", "declined", "no such user"])
async def test_rf_2_6_gifts_go_to_partners_only(resources: Resources, conn: Connection, between: str) -> None:
    """RF-2.6: and who asks does not learn whether there is such a user."""
    user, lamp = await buyer(conn), await item(conn)
    other = uuid4() if between == "no such user" else await nightshift.user(conn)
    if between in {"pending", "declined"}:
        await pair(conn, user, other, between)
    with pytest.raises(NotPartnerError):
        await gift_item(resources.db, user, Gift(item_id=lamp, recipient_id=other))
    response = await post(resources, user, "/gift", item_id=lamp, recipient_id=other)
    wanted = {"type": "urn:nightshift:not_partner", "title": "Forbidden", "status": 403, "code": "not_partner"}
    assert content(response) == wanted | {"detail": "Gifts go to partners only. Ask them to be one first."}
    assert await balance(conn, user) == 100


async def test_rf_2_6_whoever_of_the_two_had_asked(resources: Resources, conn: Connection) -> None:
    """RF-2.6."""
    user, other, lamp = await buyer(conn), await buyer(conn), await item(conn)
    await pair(conn, user, other)
    for sender, recipient in ((user, other), (other, user)):
        assert (await post(resources, sender, "/gift", item_id=lamp, recipient_id=recipient)).status == 201


async def test_rf_2_7_a_gift_whose_mail_cannot_be_queued_is_not_given(resources: Resources, conn: Connection) -> None:
    """RF-2.7: nothing is given back, since nothing was taken."""
    (user, friend), lamp = await giver(conn, email="jonas@example.org"), await item(conn)
    await conn.execute("alter table email_queue add constraint closed check (false) not valid")
    assert (await post(resources, user, "/gift", item_id=lamp, recipient_id=friend)).status == 500
    assert await rows(conn, "select from user_items") == []
    assert await balance(conn, user) == 100
    assert await books_balance(conn)


async def test_a_gift_is_told_by_mail(resources: Resources, conn: Connection) -> None:
    (user, friend), lamp = await giver(conn, email="jonas@example.org", display_name="Jonas"), await item(conn)
    await post(resources, user, "/gift", item_id=lamp, recipient_id=friend, message="<b>Hi</b>")
    [mail] = await rows(conn, "select to_email, subject, html, text, email_type, status from email_queue")
    assert (mail["to_email"], mail["email_type"], mail["status"]) == ("jonas@example.org", "gift_received", "pending")
    assert mail["subject"] == "Mira sent you a gift: Desk lamp"
    assert "Hi Jonas," in mail["text"]
    assert "<b>Hi</b>" in mail["text"]
    assert "&lt;b&gt;Hi&lt;/b&gt;" in mail["html"]


async def test_who_has_no_address_gets_the_gift_without_a_mail(resources: Resources, conn: Connection) -> None:
    (user, friend), lamp = await giver(conn), await item(conn)
    assert (await post(resources, user, "/gift", item_id=lamp, recipient_id=friend)).status == 201
    assert await rows(conn, "select from email_queue") == []


async def test_a_gift_that_is_asked_for_again_is_given_and_told_once(resources: Resources, conn: Connection) -> None:
    """Even where the two have parted since."""
    (user, friend), lamp = await giver(conn, email="jonas@example.org"), await item(conn)
    sent = {"item_id": lamp, "recipient_id": friend, "idempotency_key": "k"}
    first = await post(resources, user, "/gift", **sent)
    await conn.execute("delete from partnerships")
    await conn.execute("delete from email_queue")
    again = await post(resources, user, "/gift", **sent)
    assert (again.status, content(again)) == (201, content(first))
    assert len(await rows(conn, "select from user_items")) == 1
    assert await rows(conn, "select from email_queue") == []


async def test_a_key_may_come_as_a_header(resources: Resources, conn: Connection) -> None:
    user, lamp = await buyer(conn), await item(conn)
    headers = players.bearer(user) | {"idempotency-key": "k"}
    body = f'{{"item_id": "{lamp}"}}'.encode()
    first, again = [await app(Request("POST", "/buy", headers, body=body), resources) for _ in range(2)]
    assert content(first) == content(again)
    assert await balance(conn, user) == 95


async def test_a_key_of_another_purchase_is_a_conflict_of_its_own(resources: Resources, conn: Connection) -> None:
    user, lamp, desk = await buyer(conn), await item(conn), await item(conn)
    await post(resources, user, "/buy", item_id=lamp, idempotency_key="k")
    response = await post(resources, user, "/buy", item_id=desk, idempotency_key="k")
    assert (response.status, content(response)["code"]) == (409, "idempotency_conflict")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "item_id"),
        ({"item_id": "lamp"}, "item_id"),
        ({"item_id": str(UUID(int=1)), "user_id": str(UUID(int=2))}, "user_id"),
        ({"item_id": str(UUID(int=1)), "idempotency_key": ""}, "idempotency_key"),
    ],
    ids=["nothing", "no id", "somebody else's purse", "an empty key"],
)
async def test_a_body_that_is_none_is_refused_field_by_field(
    resources: Resources, body: dict[str, Any], field: str
) -> None:
    response = await players.ask(app, resources, uuid4(), "POST", "/buy", body=body)
    assert response.status == 422
    assert [error["field"] for error in content(response)["errors"]] == [field]


@pytest.mark.parametrize("message", ["x" * 501, "", "\x00"], ids=["too long", "empty", "no text"])
async def test_a_message_that_cannot_be_written_down_is_refused(resources: Resources, message: str) -> None:
    response = await post(resources, uuid4(), "/gift", item_id=uuid4(), recipient_id=uuid4(), message=message)
    assert response.status == 422


@pytest.mark.parametrize("path", ["/items", "/inventory", "/balance"])
async def test_nobody_looks_in_without_a_token(resources: Resources, path: str) -> None:
    assert (await app(Request("GET", path), resources)).status == 401
