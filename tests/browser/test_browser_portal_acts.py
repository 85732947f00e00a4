"""What players do at the portal, two at a time where it takes two, before the real functions."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from playwright.async_api import Browser, Page, Route, expect

from tests import lives
from tests.browser import playing
from tests.browser.playing import another, opened
from tests.browser.serving import Served
from tests.lives import partnered, player, talked
from tests.nightshift import Connection

PAGE = 50  # messages of a page
LOOK = "00:15"  # how often the inbox looks for what is new


async def value(conn: Connection, statement: str, *values: object) -> object:
    row = await (await conn.execute(statement, values)).fetchone()
    return next(iter((row or {}).values()), None)


async def test_a_player_buys_an_item(page: Page, served: Served, conn: Connection) -> None:
    mira = await player(conn, "Mira", 10)
    await lives.item(conn, "Lamp", 4, "It glows.")
    await opened(page, served, mira)
    shop = page.get_by_role("region", name="Shop")
    await shop.get_by_role("button", name="Buy Lamp for 4 essence").click()
    await expect(shop.get_by_text("Lamp is yours. You have 6 essence left.")).to_be_visible()
    await expect(shop.locator("#balance")).to_have_text("6")
    await expect(shop.get_by_text("Lamp purchased")).to_be_visible()


async def test_who_has_too_little_is_told_and_pays_nothing(page: Page, served: Served, conn: Connection) -> None:
    mira = await player(conn, "Mira", 3)
    await lives.item(conn, "Lamp", 4)
    await opened(page, served, mira)
    shop = page.get_by_role("region", name="Shop")
    await shop.get_by_role("button", name="Buy Lamp").click()
    await expect(shop.get_by_text("There is too little essence for this item.")).to_be_visible()
    assert await value(conn, "select balance from furniture_essence where user_id = %s", mira) == 3


async def test_a_purchase_whose_answer_got_lost_is_not_paid_for_twice(
    page: Page, served: Served, conn: Connection
) -> None:
    mira = await player(conn, "Mira", 10)
    await lives.item(conn, "Lamp", 4)
    await opened(page, served, mira)

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/shop/buy", lose, times=1)
    shop = page.get_by_role("region", name="Shop")
    await shop.get_by_role("button", name="Buy Lamp").click()
    await expect(shop.get_by_text("There is no connection.")).to_be_visible()
    await shop.get_by_role("button", name="Buy Lamp").click()
    await expect(shop.get_by_text("Lamp is yours. You have 6 essence left.")).to_be_visible()
    assert await value(conn, "select count(*) from user_items where user_id = %s", mira) == 1


async def test_the_same_item_can_be_bought_again(page: Page, served: Served, conn: Connection) -> None:
    mira = await player(conn, "Mira", 10)
    await lives.item(conn, "Lamp", 4)
    await opened(page, served, mira)
    buy = page.get_by_role("button", name="Buy Lamp")
    await buy.click()
    await expect(page.get_by_text("You have 6 essence left.")).to_be_visible()
    await buy.click()
    await expect(page.get_by_text("You have 2 essence left.")).to_be_visible()


async def test_a_gift_arrives_with_its_words_and_is_new_once(
    page: Page, served: Served, conn: Connection, browser: Browser
) -> None:
    mira, jonas = await player(conn, "Mira", 10), await player(conn, "Jonas")
    await partnered(conn, mira, jonas)
    await lives.item(conn, "Lamp", 4)
    await opened(page, served, mira)
    shop = page.get_by_role("region", name="Shop")
    await shop.get_by_text("Give Lamp to a partner").click()
    await shop.get_by_label("A few words with it").fill("For your desk")
    await shop.get_by_role("button", name="Give Lamp").click()
    await expect(shop.get_by_text("Lamp is with Jonas. You have 6 essence left.")).to_be_visible()
    theirs = await another(browser, served, jonas)
    gift = theirs.get_by_role("region", name="Shop").get_by_role("listitem").first
    await expect(gift).to_contain_text("Lamp new a gift of Mira")
    await expect(gift).to_contain_text("For your desk")
    await theirs.reload()
    await playing.shown(theirs)
    await expect(gift).to_contain_text("Lamp  a gift of Mira")
    await theirs.context.close()


async def test_two_players_become_partners_and_part_again(
    page: Page, served: Served, conn: Connection, browser: Browser
) -> None:
    mira, jonas = await player(conn, "Mira"), await player(conn, "Jonas")
    await opened(page, served, mira)
    mine = page.get_by_role("region", name="Partners")
    await mine.get_by_label("Their id").fill(str(jonas))
    await mine.get_by_role("button", name="Ask").click()
    await expect(mine.get_by_text("You asked Jonas.")).to_be_visible()
    theirs = await another(browser, served, jonas)
    await theirs.get_by_role("button", name="Accept Mira").click()
    await expect(theirs.get_by_role("button", name="Remove Mira")).to_be_visible()
    await expect(theirs.get_by_role("status").filter(has_text="Mira is your partner now.")).to_have_count(1)
    await expect(theirs.get_by_label("Talk to")).to_be_visible()
    await page.reload()
    await mine.get_by_role("button", name="Remove Jonas").click()
    await expect(mine.get_by_text("You have no partner yet.")).to_be_visible()
    assert await value(conn, "select count(*) from partnerships") == 0
    await theirs.context.close()


async def test_a_request_can_be_declined_and_taken_back(
    page: Page, served: Served, conn: Connection, browser: Browser
) -> None:
    mira, jonas, aiko = await player(conn, "Mira"), await player(conn, "Jonas"), await player(conn, "Aiko")
    ask = "insert into partnerships (requester_id, addressee_id) values (%s, %s)"
    await conn.execute(ask, [jonas, mira])
    await conn.execute(ask, [mira, aiko])
    await opened(page, served, mira)
    await page.get_by_role("button", name="Decline Jonas").click()
    await expect(page.get_by_text("Jonas asks you.")).to_have_count(0)
    await page.get_by_role("button", name="Take back the request to Aiko").click()
    await expect(page.get_by_text("You asked Aiko.")).to_have_count(0)
    assert await value(conn, "select array_agg(status) from partnerships") == ["declined"]


async def test_a_request_to_nobody_is_told_beside_its_field(page: Page, served: Served, conn: Connection) -> None:
    mira = await player(conn, "Mira")
    await opened(page, served, mira)
    section = page.get_by_role("region", name="Partners")
    for wrong, told in (
        (str(mira), "Nobody is their own partner."),
        ("Jonas", "user_id"),
        (str(UUID(int=7)), "no such"),
    ):
        await section.get_by_label("Their id").fill(wrong)
        await section.get_by_role("button", name="Ask").click()
        await expect(section.get_by_role("status").filter(has_text=told)).to_be_visible()


async def test_a_conversation_is_read_page_by_page_and_marked_as_read(
    page: Page, served: Served, conn: Connection
) -> None:
    mira, jonas = await player(conn, "Mira"), await player(conn, "Jonas")
    await partnered(conn, mira, jonas)
    await talked(conn, jonas, mira, *(f"Message {number}." for number in range(1, PAGE + 11)))
    await opened(page, served, mira)
    inbox = page.get_by_role("region", name="Inbox")
    await inbox.get_by_role("button", name="Jonas, 60 unread").click()
    lines = inbox.get_by_role("list", name="Messages").get_by_role("listitem")
    await expect(lines).to_have_count(PAGE)
    await expect(lines.last).to_contain_text("Message 60.")
    await expect(inbox.get_by_text("Nothing is unread.")).to_be_visible()
    await inbox.get_by_role("button", name="Older messages").click()
    await expect(lines).to_have_count(PAGE + 10)
    await expect(lines.first).to_contain_text("Message 1.")
    await expect(inbox.get_by_role("button", name="Older messages")).to_be_hidden()


async def test_an_answer_of_a_conversation_that_was_left_changes_nothing(
    page: Page, served: Served, conn: Connection
) -> None:
    mira, jonas, aiko = await player(conn, "Mira"), await player(conn, "Jonas"), await player(conn, "Aiko")
    slow = await talked(conn, jonas, mira, "From Jonas.")
    await talked(conn, aiko, mira, "From Aiko.")
    await opened(page, served, mira)
    asked, held = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        asked.set()
        await held.wait()
        await route.continue_()

    await page.route(f"**/messages/{slow}/messages", hold)
    inbox = page.get_by_role("region", name="Inbox")
    await inbox.get_by_role("button", name="Jonas").click()
    await asked.wait()
    await inbox.get_by_role("button", name="Aiko").click()
    lines = inbox.get_by_role("list", name="Messages")
    await expect(lines).to_contain_text("From Aiko.")
    async with page.expect_response(f"**/messages/{slow}/messages") as late:
        held.set()
    await (await late.value).finished()
    await expect(inbox.get_by_role("button", name="Aiko")).to_have_attribute("aria-pressed", "true")
    await expect(lines).not_to_contain_text("From Jonas.")
    assert (
        await value(
            conn, "select seen from conversation_members where conversation_id = %s and user_id = %s", slow, mira
        )
        == 0
    )


async def test_what_one_writes_the_other_reads(page: Page, served: Served, conn: Connection, browser: Browser) -> None:
    mira, jonas = await player(conn, "Mira"), await player(conn, "Jonas")
    await partnered(conn, mira, jonas)
    await page.clock.install()
    await opened(page, served, mira)
    await page.get_by_role("button", name="Open").click()
    theirs = await another(browser, served, jonas)
    await theirs.get_by_role("button", name="Mira", exact=True).click()
    await theirs.get_by_label("Message", exact=True).fill("Good morning")
    await theirs.get_by_role("button", name="Send", exact=True).click()
    await expect(theirs.get_by_role("list", name="Messages")).to_contain_text("You: Good morning")
    await expect(theirs.get_by_role("list", name="Messages").locator("time")).to_be_visible()
    await page.clock.fast_forward(LOOK)
    await expect(page.get_by_role("list", name="Messages")).to_contain_text("They: Good morning")
    await theirs.context.close()


async def test_a_message_that_was_not_sent_is_sent_again_on_demand(
    page: Page, served: Served, conn: Connection
) -> None:
    mira, jonas = await player(conn, "Mira"), await player(conn, "Jonas")
    await partnered(conn, mira, jonas)
    await talked(conn, jonas, mira, "Hello.")
    await opened(page, served, mira)
    await page.get_by_role("button", name="Jonas, 1 unread").click()
    await expect(page.get_by_role("list", name="Messages")).to_contain_text("Hello.")
    await page.route("**/messages/*/messages", lambda route: route.abort(), times=1)
    await page.get_by_label("Message", exact=True).fill("Good morning")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_text("Not sent: There is no connection.")).to_be_visible()
    await page.get_by_role("button", name="Send again").click()
    await expect(page.get_by_role("list", name="Messages").get_by_role("listitem").last.locator("time")).to_be_visible()
    assert await value(conn, "select count(*) from direct_messages where sender_id = %s", mira) == 1


async def test_where_a_partnership_ended_reading_stays(page: Page, served: Served, conn: Connection) -> None:
    mira, jonas = await player(conn, "Mira"), await player(conn, "Jonas")
    await talked(conn, jonas, mira, "Hello.")
    await opened(page, served, mira)
    await page.get_by_role("button", name="Jonas, 1 unread").click()
    await expect(page.get_by_role("list", name="Messages")).to_contain_text("Hello.")
    await expect(page.get_by_text("You are no partners any more: nothing can be added.")).to_be_visible()
    await expect(page.get_by_role("button", name="Send")).to_be_hidden()


async def test_a_push_registration_goes_on_after_a_reload(page: Page, served: Served, conn: Connection) -> None:
    mira = await player(conn, "Mira")
    await opened(page, served, mira)
    outage = {"detail": "The database cannot be reached. Try again."}
    registrations = re.compile(r"/register-device$")

    async def fail(route: Route) -> None:
        await (route.fulfill(status=503, json=outage) if route.request.method == "POST" else route.continue_())

    await page.route(registrations, fail)
    devices = page.get_by_role("region", name="Devices")
    await devices.get_by_label("Platform").select_option("web")
    await devices.get_by_label("Push token of its app").fill("a-token-of-this-browser")
    await devices.get_by_role("button", name="Register").click()
    await expect(devices.get_by_text("The database cannot be reached. Try again. It is tried again")).to_be_visible()
    await page.unroute(registrations)
    await page.reload()
    await expect(devices.get_by_text("This device is registered.")).to_be_visible()
    await expect(devices.get_by_role("listitem")).to_contain_text("Web")
    assert (
        await value(conn, "select push_token from user_devices where user_id = %s", mira) == "a-token-of-this-browser"
    )


async def test_a_refused_registration_ends_and_says_why(page: Page, served: Served, conn: Connection) -> None:
    await opened(page, served, await player(conn, "Mira"))
    devices = page.get_by_role("region", name="Devices")
    await devices.get_by_label("Kind of token").select_option("expo")
    await devices.get_by_label("Push token of its app").fill("no-expo-token")
    await devices.get_by_role("button", name="Register").click()
    await expect(devices.get_by_text("Refused: The body is not as expected.")).to_be_visible()


async def test_a_device_is_removed(page: Page, served: Served, conn: Connection) -> None:
    mira = await player(conn, "Mira")
    await conn.execute(
        "insert into user_devices (user_id, platform, address_kind, push_token) values (%s, 'ios', 'expo', %s)",
        [mira, "ExponentPushToken[x]"],
    )
    await opened(page, served, mira)
    await page.get_by_role("button", name="Remove iOS").click()
    await expect(page.get_by_text("No device gets notices yet.")).to_be_visible()


async def test_one_broken_section_leaves_the_others_alone(page: Page, served: Served, conn: Connection) -> None:
    mira = await player(conn, "Mira", 10)
    await lives.item(conn, "Lamp", 4)
    await page.clock.install()
    await page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    await page.route("**/shop/**", lambda route: route.fulfill(status=500, body="<h1>Bad gateway</h1>"))
    await opened(page, served, mira)
    shop = page.get_by_role("region", name="Shop")
    await expect(shop.get_by_role("alert")).to_contain_text("The answer was 500. It is tried again in")
    await expect(page.get_by_role("region", name="Score")).to_contain_text("Mira: 50.0 of 100")
    await expect(page.get_by_role("region", name="Partners")).to_contain_text("You have no partner yet.")
    await page.unroute("**/shop/**")
    await shop.get_by_role("button", name="Try again").click()
    await expect(shop.get_by_role("button", name="Buy Lamp")).to_be_visible()
    await expect(shop.get_by_role("alert")).to_be_empty()


async def test_with_the_database_gone_every_section_says_so_and_comes_back_by_itself(
    page: Page, served: Served, conn: Connection
) -> None:
    await page.clock.install()
    await page.route(
        re.compile(r"^http://[^/]+/(portal/me|portal/recaps|shop/|partners|messages|register-device)"), outage
    )
    await opened(page, served, await player(conn, "Mira"))
    await expect(page.get_by_text("It is tried again in")).to_have_count(len(playing.SECTIONS))
    await page.unroute_all()
    await page.clock.fast_forward("00:02")
    await expect(page.get_by_text("It is tried again in")).to_have_count(0)
    await expect(page.get_by_role("region", name="Score")).to_contain_text("Mira: 50.0 of 100")


async def outage(route: Route) -> None:
    await route.fulfill(status=503, json={"detail": "The database cannot be reached. Try again."})


async def test_what_is_done_is_reported_before_the_page_is_left(page: Page, served: Served, conn: Connection) -> None:
    mira = await player(conn, "Mira", 10)
    await lives.item(conn, "Lamp", 4)
    await opened(page, served, mira)
    await page.get_by_role("button", name="Buy Lamp").click()
    await expect(page.get_by_text("Lamp is yours.")).to_be_visible()
    async with page.expect_response("**/analytics/events") as reported:
        await page.get_by_role("button", name="Sign out").click()
    await (await reported.value).finished()
    types = await value(
        conn, "select array_agg(event_type order by event_type) from session_analytics_events where user_id = %s", mira
    )
    assert types == ["item_bought", "portal_opened"]
