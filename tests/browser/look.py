"""Checks of an open page in Chromium: accessible, no wider than the window, one main heading; screenshot, downloads."""

import asyncio
import os
from pathlib import Path

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

SCREENS = os.environ.get("KEYTURN_SCREENS")
#: Width, and the colour scheme that is looked at in it.
SIZES = ((390, "light"), (390, "dark"), (1280, "light"), (1280, "dark"))
#: Rules of axe-core that depend on colours alone: all that a dark page has to show beside the light one.
_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
#: The elements that reach beyond the window, where a page scrolls sideways.
WIDE = """[...document.querySelectorAll("main *")].filter(each => each.getBoundingClientRect().right > innerWidth + 1)
    .map(each => `${each.tagName}.${each.getAttribute("class")}`).slice(0, 9).join(" ")"""


def complaints(page: Page) -> list[str]:
    """Errors and warnings in the console of a page from now on, except for statuses of responses."""
    said: list[str] = []
    page.on(
        "console",
        lambda line: (
            said.append(line.text)
            if line.type in ("error", "warning") and not line.text.startswith("Failed to load resource")
            else None
        ),
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


async def check(page: Page, name: str, width: int, scheme: str) -> None:
    """Check the page that is open."""
    if SCREENS:
        await page.screenshot(path=Path(SCREENS) / f"{name}-{width}-{scheme}.png", full_page=True)
    options = {"resultTypes": ["violations"], **(_COLOURS if scheme == "dark" else {})}
    results = await Axe().run(page, options=options)
    assert results.violations_count == 0, results.generate_report()
    scrolls = await page.evaluate("document.scrollingElement.scrollWidth") > width
    assert not scrolls, await page.evaluate(WIDE)
    assert await page.locator("h1").count() == 1


async def check_all(page: Page, name: str) -> None:
    """Check the page that is open in every size: one that cannot be opened again."""
    for width, scheme in SIZES:
        await page.set_viewport_size({"width": width, "height": 844})
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        await page.evaluate("Promise.all(document.getAnimations().map(each => each.finished))")
        await check(page, name, width, scheme)


async def downloaded(page: Page, name: str) -> str:
    """The text of the file that a link downloads."""
    async with page.expect_download() as coming:
        await page.get_by_role("link", name=name).click()
    path = await (await coming.value).path()
    return await asyncio.to_thread(path.read_text, encoding="utf-8")
