"""Actions of people on pages: the client's screens, TikTok's consent page, and TikTok's Business Center."""

import asyncio
from collections.abc import Callable, Mapping

from demo.walk.browser import Answer, Browser, NotAsExpected
from demo.world import AGENCY_BC, GUIDED_ACCOUNT, GUIDED_BC, Demo

Say = Callable[[str], None]
Answers = Mapping[str, Answer]
PATIENCE = 25


async def connect(browser: Browser, person: str) -> None:
    """Connects with TikTok from the first page or the choice of the lane; where it is busy, once more."""
    for _ in range(PATIENCE):
        await browser.press("Connect with TikTok" if browser.screen == "way" else "Continue with TikTok")
        await authorize(browser, person)
        if browser.screen in ("account", "assets"):
            return
        await asyncio.sleep(0.5)
    raise NotAsExpected(f"could not connect: {browser.page.words[:600]}")


async def authorize(browser: Browser, person: str) -> None:
    """Signs in at TikTok and leaves everything ticked."""
    await browser.press(person)
    await browser.press("Authorize")


async def answer_and_agree(browser: Browser, name: str, told: Mapping[str, Answers]) -> None:
    """Goes from screen to screen and agrees on the last; `told` by screen, beside what everybody tells."""
    usual: dict[str, Answers] = {
        "about": {
            "markets": ["FR", "BE"], "approver-name": name, "approver-email": "hello@client.example",
            "billing-same": "yes", "technical-same": "yes",
        },
        "review": {"name": name},
    }  # fmt: skip
    while (screen := browser.screen) != "progress":
        button = "Yes, " if screen == "review" else "Continue"
        await browser.press(button, {**usual.get(screen, {}), **told.get(screen, {})})
        if browser.screen == screen:
            raise NotAsExpected(f"the screen {screen} did not take the answers: {browser.page.words[:600]}")


async def share_by_hand(demo: Demo) -> None:
    """Share at TikTok, as the client of the guided lane does."""
    async with Browser() as browser:
        await browser.open(f"{demo.addresses.tiktok}/business-center/{GUIDED_BC}")
        shared: Answers = {"partner_id": AGENCY_BC, "asset_ids": [GUIDED_ACCOUNT], "advertiser_role": "OPERATOR"}
        await browser.press("Confirm", shared)


async def take_back_by_hand(demo: Demo, asset_id: str) -> None:
    """Stop sharing one ad account at TikTok, as the same client does."""
    async with Browser() as browser:
        await browser.open(f"{demo.addresses.tiktok}/business-center/{GUIDED_BC}")
        mine = [form for form in browser.page.forms if form.action.endswith("/removals")]
        form = next(each for each in mine if {("partner_id", AGENCY_BC), ("asset_id", asset_id)} <= set(each.fields))
        await browser.send(form, dict(form.fields))
