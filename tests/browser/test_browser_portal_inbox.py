"""What partners write to each other at the portal, before the real functions."""

import asyncio

from playwright.async_api import Browser, Page, Route, expect

from tests.browser.playing import another, opened, value
from tests.browser.serving import Served
from tests.lives import partnered, player, talked
from tests.nightshift import Connection

PAGE = 50  # messages of a page
LOOK = "00:15"  # how often the inbox looks for what is new


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
    await expect(page.locator("#said")).to_have_text("Not sent.")
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


async def test_what_came_is_told_while_no_conversation_is_open_and_the_focus_stays(
    page: Page, served: Served, conn: Connection
) -> None:
    mira, jonas = await player(conn, "Mira"), await player(conn, "Jonas")
    await partnered(conn, mira, jonas)
    await talked(conn, jonas, mira, "One.")
    await page.clock.install()
    await opened(page, served, mira)
    inbox = page.get_by_role("region", name="Inbox")
    await inbox.get_by_role("button", name="Jonas, 1 unread").focus()
    await conn.execute(
        "select nightshift.send_direct_message(id, %s, gen_random_uuid(), 'Two.') from direct_conversations", [jonas]
    )
    await page.clock.fast_forward(LOOK)
    await expect(inbox.get_by_role("button", name="Jonas, 2 unread")).to_be_focused()
    await expect(inbox.get_by_text("2 unread.", exact=True)).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(inbox.get_by_text("Nothing is unread.")).to_be_visible()
    await expect(inbox.get_by_role("button", name="Jonas", exact=True)).to_be_focused()
