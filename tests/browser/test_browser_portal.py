"""The players' page in a real browser: signing in, and what every page has to be."""

import re
from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from tests import lives
from tests.browser import looking, playing
from tests.browser.playing import SECTIONS, opened, token
from tests.browser.serving import Served
from tests.lives import player
from tests.nightshift import Connection

HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>{{7*7}}"


async def test_a_player_signs_in_with_a_token_that_is_typed_and_out_again(
    page: Page, served: Served, conn: Connection
) -> None:
    user = await player(conn, "Mira")
    await page.goto(f"{served.url}/portal")
    await page.get_by_label("Your token").fill(token(user))
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("region", name="Score")).to_contain_text("Mira: 50.0 of 100, chapter 1")
    await page.get_by_role("button", name="Sign out").click()
    await page.reload()
    await expect(page.get_by_label("Your token")).to_be_visible()
    assert await page.evaluate("sessionStorage.length + localStorage.length") == 0


async def test_a_token_in_the_address_is_taken_out_of_it_and_sent_in_no_url(
    page: Page, served: Served, conn: Connection
) -> None:
    user, sent = await player(conn, "Mira"), list[str]()
    page.on("request", lambda request: sent.append(request.url))
    await opened(page, served, user)
    assert page.url == f"{served.url}/portal"
    assert len(sent) > len(SECTIONS)
    assert not [url for url in sent if "token" in url or token(user)[:20] in url]
    await page.go_back()
    assert "token" not in page.url


async def test_a_link_of_another_player_in_an_open_page_changes_who_is_signed_in(
    page: Page, served: Served, conn: Connection
) -> None:
    mira, jonas = await player(conn, "Mira"), await player(conn, "Jonas")
    await opened(page, served, mira)
    await page.evaluate("token => { location.hash = `token=${token}`; }", token(jonas))
    await expect(page.get_by_role("region", name="Score")).to_contain_text("Jonas: 50.0 of 100")
    assert page.url == f"{served.url}/portal"


async def test_a_reload_stays_signed_in_and_another_tab_does_not(page: Page, served: Served, conn: Connection) -> None:
    await opened(page, served, await player(conn, "Mira"))
    await page.reload()
    await playing.shown(page)
    other = await page.context.new_page()
    await other.goto(f"{served.url}/portal")
    await expect(other.get_by_label("Your token")).to_be_visible()


async def test_what_is_no_token_is_told_before_it_is_sent(page: Page, served: Served) -> None:
    await page.goto(f"{served.url}/portal")
    await page.get_by_label("Your token").fill("no token")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_have_text("This is no token, or it has run out. Ask for a new one.")
    await expect(page.get_by_label("Your token")).to_be_focused()


async def test_a_token_that_the_server_refuses_is_asked_for_again(page: Page, served: Served, conn: Connection) -> None:
    user = await player(conn, "Mira")
    await page.goto(f"{served.url}/portal#token={token(user)[:-4]}AAAA")
    await expect(page.get_by_text("Your sign-in has ended. Sign in again.")).to_be_visible()
    assert await page.evaluate("sessionStorage.length") == 0


async def test_a_token_that_runs_out_is_asked_for_again(page: Page, served: Served, conn: Connection) -> None:
    await page.clock.install()
    await opened(page, served, await player(conn, "Mira"))
    await page.clock.fast_forward("11:00")
    await expect(page.get_by_text("Your sign-in has ended. Sign in again.")).to_be_visible()
    await expect(page.get_by_role("region", name="Score")).to_have_count(0)


async def test_a_score_is_told_as_a_line_and_as_a_table(page: Page, served: Served, conn: Connection) -> None:
    user = await player(conn, "Mira")
    await lives.recapped(conn, user, "Monday", "Tuesday", "Wednesday")
    await opened(page, served, user)
    section = page.get_by_role("region", name="Score")
    await expect(section.get_by_role("img")).to_have_accessible_name(
        re.compile(
            "at the end of each day of the last 30 .*: from 53 on .* to 51 on .*, 51 at the least and 53 at the most"
        )
    )
    await section.get_by_text("The same as a table").click()
    await expect(section.get_by_role("row")).to_have_count(4)


async def test_older_recaps_come_page_by_page(page: Page, served: Served, conn: Connection) -> None:
    user = await player(conn, "Mira")
    await lives.recapped(conn, user, *(f"Day {number}." for number in range(1, 13)))
    await opened(page, served, user)
    section = page.get_by_role("region", name="Recaps")
    await expect(section.get_by_role("article")).to_have_count(10)
    await section.get_by_role("button", name="Older recaps").click()
    await expect(section.get_by_role("article")).to_have_count(12)
    await expect(section.get_by_text("Day 1.", exact=True)).to_be_visible()
    await expect(section.get_by_role("button", name="Older recaps")).to_be_hidden()


async def full(conn: Connection, text: str = "Nothing special.") -> tuple[UUID, UUID]:
    """Two partners who have something in every section, with these words wherever words of others go."""
    mira, jonas = await player(conn, text, 100), await player(conn, text, 100)
    await lives.partnered(conn, mira, jonas)
    await lives.recapped(conn, mira, text)
    lamp = await lives.item(conn, text[:200], 5, text)
    await lives.talked(conn, jonas, mira, text)
    await conn.execute(
        "insert into user_items (user_id, item_id, acquisition_type, gifted_by, gift_message) "
        "values (%s, %s, 'gift', %s, %s)",
        [mira, lamp, jonas, text],
    )
    await conn.execute(
        "insert into partnerships (requester_id, addressee_id) values (%s, %s)", [await player(conn, text), mira]
    )
    await conn.execute(
        "insert into user_devices (user_id, platform, address_kind, push_token) values (%s, 'web', 'expo', %s)",
        [mira, "ExponentPushToken[x]"],
    )
    return mira, jonas


async def test_what_others_wrote_stays_text(page: Page, served: Served, conn: Connection) -> None:
    mira, _ = await full(conn, HOSTILE)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    await opened(page, served, mira)
    await page.locator("[data-conversation]").click()
    for section in ("Score", "Recaps", "Inbox", "Shop", "Partners"):
        await expect(page.get_by_role("region", name=section)).to_contain_text(HOSTILE)
    await expect(page.get_by_role("list", name="Messages")).to_contain_text(HOSTILE)
    assert await page.locator("main img:not([role])").count() == 0
    assert dialogs == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_has_what_axe_finds(page: Page, served: Served, conn: Connection, scheme: str) -> None:
    mira, _ = await full(conn)
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.goto(f"{served.url}/portal")
    assert await looking.violations(page) == []
    await opened(page, served, mira)
    await page.locator("[data-conversation]").click()
    for summary in await page.locator("summary").all():
        await summary.click()
    assert await looking.violations(page) == []
    await page.route("**/portal/recaps*", lambda route: route.abort())
    await page.reload()
    await expect(page.get_by_role("region", name="Recaps").get_by_role("alert")).to_contain_text("no connection")
    assert await looking.violations(page) == []


async def test_no_page_is_wider_than_a_phone(page: Page, served: Served, conn: Connection) -> None:
    mira, _ = await full(conn, "Averylongwordwithoutanyplacetobreakit" * 5)
    await page.goto(f"{served.url}/portal")
    assert await looking.overflow(page) == 0
    await opened(page, served, mira)
    await page.locator("[data-conversation]").click()
    for summary in await page.locator("summary").all():
        await summary.click()
    assert await looking.overflow(page) == 0


async def test_the_page_is_light_enough_for_a_phone(page: Page, served: Served, conn: Connection) -> None:
    mira, _ = await full(conn)
    weight = await looking.weight(page, f"{served.url}/portal#token={token(mira)}")
    assert 20_000 < weight < looking.HEAVIEST


async def test_everything_can_be_done_with_the_keyboard(page: Page, served: Served, conn: Connection) -> None:
    mira = await player(conn, "Mira", 10)
    await lives.item(conn, "Lamp", 4)
    await page.goto(f"{served.url}/portal")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.insert_text(token(mira))
    await page.keyboard.press("Enter")
    await playing.shown(page)
    buy = page.get_by_role("button", name="Buy Lamp for 4 essence")
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await buy.evaluate("button => button === document.activeElement"):
            break
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Lamp is yours. You have 6 essence left.")).to_be_visible()
    await expect(buy).to_be_focused()
