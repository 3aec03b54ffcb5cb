"""A client's way through a link in Chromium: both lanes, phone and desk, light and dark, without scripts, by keys.

The pages are looked at as those of the dashboard are. What goes wrong on the way is told, and nothing given is lost.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest
from playwright.async_api import Browser, BrowserContext, expect

from demo.world import Demo
from tests.browser.brands import Brand, new_brand
from tests.browser.client import NEXT, ClientsWay, Lane, Person
from tests.browser.keys import reach, skip
from tests.browser.look import WIDE, check, complaints

#: lane, language, width, colour scheme, scripts
WALKS: tuple[tuple[Lane, str, int, str, bool], ...] = (
    ("connected", "en", 390, "light", True), ("guided", "en", 390, "dark", True),
    ("guided", "en-XA", 320, "light", True), ("connected", "en-XA", 320, "dark", False),
    ("connected", "en", 1280, "dark", True),
)  # fmt: skip
#: What a mirrored page and one with letters of twice the size look like.
MIRRORED = "document.documentElement.dir = 'rtl'"
ENLARGED = "document.documentElement.style.fontSize = '200%'"
Opened = Callable[..., Awaitable[tuple[ClientsWay, Brand]]]


@pytest.fixture
async def opened(chromium: Browser, demo: Demo, api: httpx2.AsyncClient) -> AsyncIterator[Opened]:
    """Opens the link of a new client in a new browser; its console has to stay silent."""
    contexts: list[BrowserContext] = []
    said: list[list[str]] = []

    async def first_page(
        name: str, lane: Lane, language: str = "en", width: int = 390, scheme: str = "light", scripts: bool = True
    ) -> tuple[ClientsWay, Brand]:
        brand = await new_brand(demo, api, name)
        context = await chromium.new_context(
            viewport={"width": width, "height": 844}, color_scheme=scheme, java_script_enabled=scripts,  # type: ignore[arg-type]
            reduced_motion="reduce", locale=language,
        )  # fmt: skip
        contexts.append(context)
        page = await context.new_page()
        said.append(complaints(page))
        await page.goto(brand.address)
        return ClientsWay(page, lane, Person.of(brand)), brand

    yield first_page
    for each in contexts:
        await each.close()
    assert [line for lines in said for line in lines] == []


async def _fits(way: ClientsWay, width: int) -> None:
    wide = await way.page.evaluate("document.scrollingElement.scrollWidth") > width
    assert not wide, (way.screen, await way.page.evaluate(WIDE))


@pytest.mark.parametrize(("lane", "language", "width", "scheme", "scripts"), WALKS)
async def test_each_page_is_accessible_and_fits_and_the_way_is_short(
    opened: Opened, lane: Lane, language: str, width: int, scheme: str, scripts: bool
) -> None:
    way, _brand = await opened(f"Way {lane} {language} {width}", lane, language, width, scheme, scripts)

    async def look(way: ClientsWay) -> None:
        if scripts:  # axe-core waits for timers
            await check(way.page, f"way-{lane}-{language}-{way.screen[:12]}", width, scheme)
        await _fits(way, width)

    await look(way)
    await way.seen()
    await way.begin()
    await way.through(look)
    assert await way.page.evaluate("document.documentElement.lang") == language
    assert way.count.fits(lane) or language != "en" or width > 390, way.count.asked


async def test_no_page_scrolls_sideways_mirrored_or_with_letters_of_twice_the_size(opened: Opened) -> None:
    way, _brand = await opened("Mirror & Lens", "guided", width=390)

    async def look(way: ClientsWay) -> None:
        for change in (MIRRORED, ENLARGED):
            await way.page.evaluate(change)
            await _fits(way, 390)
        await way.page.reload()

    await look(way)
    await way.begin()
    await way.through(look)


async def test_the_keyboard_goes_all_the_way(opened: Opened) -> None:
    way, brand = await opened("Keys & Co", "connected")
    page = way.page
    await skip(page)
    await reach(page, "Continue with TikTok", 12)
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name=brand.name).press("Enter")
    await page.get_by_role("button", name="Authorize").press("Enter")
    await page.wait_for_url("**/assets**")
    while way.screen != "progress":
        if way.screen == "about":
            if not await page.locator('[name="markets"]:checked').count():
                await reach(page, await page.locator(".chip").first.inner_text(), 8)
                await page.keyboard.press("Space")
            await reach(page, "Name", 20)
            await page.keyboard.type("Eva Brand")
        button = await page.locator(NEXT).inner_text()
        await reach(page, button, 30)
        async with page.expect_navigation():
            await page.keyboard.press("Enter")


async def test_back_after_a_mistake_keeps_what_was_typed(opened: Opened) -> None:
    way, brand = await opened("Back & Forth", "guided")
    page = way.page
    await way.begin()
    await page.locator('[name="account_id"]').fill("12")
    await way.tap(NEXT)
    await expect(page.locator("#account_id-problem")).to_be_visible()
    assert "account_id" in await page.evaluate("document.activeElement.innerHTML"), "the focus is not where it is said"
    await page.go_back()  # to a page, not to a form that asks to be sent again
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.go_forward()
    await page.locator('[name="account_id"]').fill(
        f"My id: {brand.center_id[:4]} {brand.center_id[4:8]} {brand.center_id[8:12]} {brand.center_id[12:]} (main)"
    )
    await way.tap(NEXT)
    await way.through()


async def test_a_doubled_yes_is_one(opened: Opened, api: httpx2.AsyncClient) -> None:
    way, brand = await opened("Twice Sure", "guided")
    await way.begin()
    while way.screen != "review":
        await way.fill()
        await way.tap(NEXT)
    await way.fill()
    await way.page.locator(NEXT).dblclick()
    await way.page.wait_for_url("**/progress**")
    found = await api.get("/events", params={"subject_id": brand.link_id, "types": "link.submitted"})
    assert len(found.raise_for_status().json()["data"]) == 1


async def test_a_link_that_ends_on_the_way_says_so_and_asks_for_a_new_one(
    opened: Opened, api: httpx2.AsyncClient
) -> None:
    way, brand = await opened("Too Late", "guided")
    await way.begin()
    (await api.post(f"/links/{brand.link_id}/revocation")).raise_for_status()
    await way.fill()
    await way.tap(NEXT)
    await expect(way.page.get_by_role("heading", level=1)).to_contain_text("This link ended on")
    await way.page.get_by_role("button", name=re.compile("^Ask .* for a new one$")).click()
    await expect(way.page.get_by_role("status")).to_contain_text("has been asked for a new link")
    await check(way.page, "way-ended", 390, "light")


async def test_the_wrong_company_is_named_and_the_right_one_taken(opened: Opened, demo: Demo) -> None:
    other, other_brand = await opened("Somebody Else", "connected")
    await other.begin()
    await other.through()
    way, brand = await opened("Right One", "connected")
    await way.tap('button[name="lane"][value="connected"]')
    await way.at_tiktok(other_brand.name)
    await expect(way.page.locator("main")).to_contain_text(f"You signed in to {other_brand.name}.")
    await check(way.page, "way-wrong-company", 390, "light")
    await way.page.get_by_role("button", name="Switch account").click()
    await way.page.wait_for_url(f"{demo.addresses.tiktok}/**")
    await way.at_tiktok(brand.name)
    await way.through()
