"""The people of the walk: the agency's admin, a client who connects, and a client who does it by hand."""

import asyncio
from collections.abc import Callable

import httpx2

from app.demo.walk.browser import Browser, NotAsExpected
from app.demo.world import (
    AGENCY_ADMIN,
    AGENCY_BC,
    CLIENT_ADMIN,
    CLIENT_BC,
    GUIDED_ACCOUNT,
    GUIDED_BC,
    Demo,
)

Say = Callable[[str], None]
PATIENCE = 25


async def connect_agency(demo: Demo, say: Say) -> None:
    """A member opens the one-time address and authorises; where TikTok is busy, once more."""
    for _ in range(PATIENCE):
        async with Browser() as browser:
            await browser.open(demo.connect_address)
            await browser.press("Connect")
            await _authorise(browser, AGENCY_ADMIN)
            if "connected" in browser.page.words.lower() and browser.page.status == 200:
                say(f"agency: connected as {AGENCY_ADMIN}")
                return
        await asyncio.sleep(0.5)
    raise NotAsExpected(f"the agency could not connect: {browser.page.words[:600]}")


async def client_who_connects(demo: Demo, say: Say) -> None:
    """Maison Lune: connects, picks the Business Center and all three accounts, agrees."""
    async with Browser() as browser:
        await _start(browser, demo.links["connected"])
        await _connect(browser, CLIENT_ADMIN)
        say(f"Maison Lune: connected as {CLIENT_ADMIN}")
        await browser.press("Continue", bc_id=CLIENT_BC)
        accounts = browser.page.form("Continue").choices["accounts"]
        await browser.press("Continue", accounts=accounts)
        say(f"Maison Lune: picked {len(accounts)} ad accounts from what TikTok shows")
        await _tell_and_agree(browser, CLIENT_ADMIN)
        say("Maison Lune: agreed; Keyturn shares")


async def client_by_hand(demo: Demo, say: Say) -> None:
    """Brand FR: types ids, agrees, shares in Business Center, presses check now."""
    async with Browser() as browser:
        await _start(browser, demo.links["guided"])
        await browser.press("Do it by hand")
        await browser.press("Continue", bc_id=f"https://business.tiktok.com/manage/overview?org_id={GUIDED_BC}")
        await browser.press("Continue", accounts=GUIDED_ACCOUNT)
        await _tell_and_agree(browser, "Theo Two Brands")
        say("Brand FR: agreed; has the steps with the agency's Business Center ID")
        await share_by_hand(demo)
        say("Brand FR: shared by hand in TikTok Business Center")
        await browser.press("check now")


async def share_by_hand(demo: Demo) -> None:
    """What the client of the guided lane does at TikTok."""
    async with Browser() as browser:
        await browser.open(f"{demo.addresses.tiktok}/business-center/{GUIDED_BC}")
        await browser.press("Confirm", partner_id=AGENCY_BC, asset_ids=[GUIDED_ACCOUNT], advertiser_role="OPERATOR")


async def approve_at_tiktok(demo: Demo, say: Say) -> None:
    """The agency's admin approves whatever partner requests wait in its Business Center."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        for partner in (CLIENT_BC, GUIDED_BC):
            await http.post(
                f"{demo.addresses.tiktok}/simulator/partner-approvals",
                json={"bc_id": AGENCY_BC, "partner_id": partner},
            )
    say("agency: approved the partner requests in its Business Center")


async def _start(browser: Browser, address: str) -> None:
    await browser.open(address)
    await browser.press("Start")


async def _connect(browser: Browser, person: str) -> None:
    for _ in range(PATIENCE):
        await browser.press("Connect with TikTok")
        await _authorise(browser, person)
        if browser.page.address.endswith("/business-center"):
            return
        await asyncio.sleep(0.5)
    raise NotAsExpected(f"could not connect: {browser.page.words[:600]}")


async def _authorise(browser: Browser, person: str) -> None:
    await browser.press(person)
    await browser.press("Authorise")


async def _tell_and_agree(browser: Browser, name: str) -> None:
    await browser.press("Continue", pixels="")
    await browser.press("Continue", markets=["FR", "BE"])
    await browser.press(
        "Continue", approver__name=name, approver__email="ana@client.example", billing__same="yes",
        technical__same="yes",
    )  # fmt: skip
    await browser.press("Continue", ownership="yes", by=name)
    await browser.press("I agree", agree="yes", name=name)
