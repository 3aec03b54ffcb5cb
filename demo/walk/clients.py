"""The clients of the walk, each with a way of their own; they come all at once."""

from demo.walk.browser import Browser, File
from demo.walk.people import Answers, Say, answer_and_agree, connect, share_by_hand
from demo.world import CLIENT_ADMIN, GUIDED_ACCOUNT, GUIDED_BC, OPEN_ACCOUNT, OPEN_ADMIN, TRACKING_ADMIN, Demo

PLAN = File("measured.csv", b"event,where\nPAGE_VIEW,everywhere\nON_WEB_ORDER,thank-you page\n")


async def who_connects(demo: Demo, say: Say) -> None:
    """Maison Lune, `run-campaigns`: connects, and picks all three ad accounts."""
    async with Browser() as browser:
        await browser.open(demo.links["connected"])
        await connect(browser, CLIENT_ADMIN)
        say(f"Maison Lune: connected as {CLIENT_ADMIN}")
        accounts = [value for name, value in browser.page.form("Continue").fields if name == "ad_account"]
        await browser.press("Continue")
        say(f"Maison Lune: left all {len(accounts)} ad accounts ticked that TikTok shows")
        await answer_and_agree(browser, CLIENT_ADMIN, {})
        say("Maison Lune: agreed; Keyturn shares")


async def with_a_pixel(demo: Demo, say: Say) -> None:
    """Atelier Rive, `tracking-fix`: connects, picks its pixel, answers the agency's questions, hands in a file."""
    async with Browser() as browser:
        await browser.open(demo.links["tracking"])
        await connect(browser, TRACKING_ADMIN)
        say(f"Atelier Rive: connected as {TRACKING_ADMIN}")
        pixels = [value for name, value in browser.page.form("Continue").fields if name == "pixel"]  # ticked already
        say(f"Atelier Rive: picked its ad account and {len(pixels)} pixel")
        questions: Answers = {
            "q-website": "atelierrive.example", "q-shop_system": "Shopify", "q-events_api": "Yes",
            "q-tracking_plan": PLAN,
        }  # fmt: skip
        await answer_and_agree(browser, TRACKING_ADMIN, {"questions": questions})
        say("Atelier Rive: answered the agency’s questions, handed in a file, agreed; Keyturn shares")


async def by_hand(demo: Demo, say: Say) -> None:
    """Brand FR, `run-campaigns`: types ids, agrees, shares in Business Center, presses check now."""
    async with Browser() as browser:
        await browser.open(demo.links["guided"])
        await browser.press("do it by hand")
        await browser.press(
            "Continue", {"account_id": f"https://business.tiktok.com/manage/overview?org_id={GUIDED_BC}"}
        )
        await browser.press("Continue", {"ad_account": GUIDED_ACCOUNT})
        await answer_and_agree(browser, "Theo Two Brands", {})
        say("Brand FR: agreed; has the steps with the agency's Business Center ID")
        await share_by_hand(demo)
        say("Brand FR: shared by hand in TikTok Business Center")
        await browser.press("check now")


async def elsewhere(demo: Demo, say: Say) -> None:
    """Café Nord, a preset of the agency's own: Meta and a booking tool, done by hand and said to be done."""
    async with Browser() as browser:
        await browser.open(demo.links["written"])
        await browser.press("Start")
        meta = next(name for name, _ in browser.page.form("Continue").fields if name.startswith("id-"))
        goal = "More guests on weekdays."
        await answer_and_agree(
            browser, "Nils Nord", {"others": {meta: "act_1234567890"}, "questions": {"q-goal": goal}}
        )
        say("Café Nord: answered the agency’s question and agreed; has the steps on Meta and in the booking tool")
        while any("I have done this" in form.words for form in browser.page.forms):
            await browser.press("I have done this")
        say("Café Nord: says that the steps are done")


async def by_the_public_link(demo: Demo, say: Say) -> None:
    """Comptoir Mixte comes by itself, `prospect`: says who it is, connects, and picks one of its ad accounts."""
    async with Browser() as browser:
        await browser.open(f"{demo.public_link}?external_id=web-2001")
        who = {"company": "Comptoir Mixte", "name": OPEN_ADMIN, "email": "milo@comptoirmixte.example"}
        await browser.press("Start", who)
        say("Comptoir Mixte: came by the public link")
        await connect(browser, OPEN_ADMIN)
        if browser.screen == "account":
            await browser.press("Continue")
        await browser.press("Continue", {"ad_account": [OPEN_ACCOUNT]})
        await answer_and_agree(browser, OPEN_ADMIN, {})
        say("Comptoir Mixte: connected, picked the one ad account that is in order, agreed; Keyturn shares")
