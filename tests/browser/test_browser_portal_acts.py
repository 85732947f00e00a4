"""What players do at the portal, two at a time where it takes two, before the real functions."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from playwright.async_api import Browser, Page, Route, expect

from tests import lives
from tests.browser import playing
from tests.browser.playing import another, opened, value
from tests.browser.serving import Served
from tests.lives import partnered, player
from tests.nightshift import Connection


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


async def test_what_is_bought_is_said_to_be_though_the_look_at_it_fails(
    page: Page, served: Served, conn: Connection
) -> None:
    """Who is told of a failure alone would buy it again."""
    mira = await player(conn, "Mira", 10)
    await lives.item(conn, "Lamp", 4)
    await opened(page, served, mira)
    await page.route("**/shop/balance*", lambda route: route.abort())
    shop = page.get_by_role("region", name="Shop")
    await shop.get_by_role("button", name="Buy Lamp").click()
    await expect(shop.get_by_role("alert")).to_contain_text("There is no connection. What you see is of")
    await expect(shop.get_by_text("Lamp is yours. You have 6 essence left.")).to_be_visible()


async def test_who_is_quick_gets_the_next_page_of_a_list_once(page: Page, served: Served, conn: Connection) -> None:
    for number in range(25):
        await lives.item(conn, f"Lamp {number}", 4)
    await opened(page, served, await player(conn, "Mira", 10))
    shop = page.get_by_role("region", name="Shop")
    await shop.get_by_role("button", name="More items").dblclick()
    await expect(shop.get_by_role("button", name="Buy Lamp 0 ")).to_have_count(1)
    await expect(shop.get_by_role("button", name="Buy Lamp")).to_have_count(25)


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
