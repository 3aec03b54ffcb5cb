"""Clients of a test's own: what they have at the simulated TikTok, and what they do with their links."""

import asyncio
from dataclasses import dataclass

import httpx2

from demo.walk.browser import Browser
from demo.walk.people import answer_and_agree
from demo.world import AGENCY_BC, Demo

#: How many pages of events, or 5 seconds without any, are waited for one.
LOOKS = 6


@dataclass(frozen=True)
class Brand:
    """A client with a Business Center, an ad account, and a link that asks for it."""

    name: str
    center_id: str
    account_id: str
    link_id: str
    address: str


async def new_brand(demo: Demo, api: httpx2.AsyncClient, name: str, language: str | None = None) -> Brand:
    """A client that has its link and has done nothing yet. Without a language the browser's decides."""
    async with httpx2.AsyncClient(base_url=f"{demo.addresses.tiktok}/simulator") as tiktok:
        person = (await tiktok.post("/persons", json={"name": name, "email": "eva@brand.example"})).json()["person_id"]
        center = {"name": name, "members": {person: "ADMIN"}}
        center_id = (await tiktok.post("/business-centers", json=center)).raise_for_status().json()["bc_id"]
        account = {"asset_type": "ADVERTISER", "name": name, "owner_bc_id": center_id}
        account_id = (await tiktok.post("/assets", json=account)).raise_for_status().json()["asset_id"]
    asked = {
        "preset": "run-campaigns",
        "client": {"name": name, "contact_email": "eva@brand.example", "language": language},
    }
    made = (await api.post("/links", json=asked)).raise_for_status().json()
    return Brand(name, center_id, account_id, made["id"], made["address"])


async def agree_by_hand(brand: Brand) -> None:
    """Agree to share by hand, and say that it is done although nothing is shared."""
    async with Browser() as browser:
        await browser.open(brand.address)
        await browser.press("do it by hand")
        await browser.press("Continue", {"account_id": brand.center_id})
        await browser.press("Continue", {"ad_account": brand.account_id})
        await answer_and_agree(browser, "Eva Brand", {})
        await browser.press("check now")


async def agree_to_steps(address: str) -> None:
    """Agree to the preset of steps on other platforms, and say that they are done."""
    async with Browser() as browser:
        await browser.open(address)
        await browser.press("Start")
        await answer_and_agree(browser, "Eva Brand", {"questions": {"q-goal": "More guests."}})
        while any("I have done this" in form.words for form in browser.page.forms):
            await browser.press("I have done this")


async def share(demo: Demo, brand: Brand) -> None:
    """Share the ad account at TikTok by hand, with the role that is asked for."""
    shared = {**_by_hand(brand), "advertiser_role": "OPERATOR"}
    async with httpx2.AsyncClient(base_url=f"{demo.addresses.tiktok}/simulator") as tiktok:
        (await tiktok.post("/shares", json=shared)).raise_for_status()


async def take_back(demo: Demo, brand: Brand) -> None:
    """Stop sharing it at TikTok by hand."""
    async with httpx2.AsyncClient(base_url=f"{demo.addresses.tiktok}/simulator") as tiktok:
        (await tiktok.request("DELETE", "/shares", json=_by_hand(brand))).raise_for_status()


async def happened(api: httpx2.AsyncClient, event_type: str, link_id: str) -> None:
    """Wait until an event of this type is recorded about a link or what it asks for."""
    after = ""
    for _ in range(LOOKS):
        sought: dict[str, str] = {"types": event_type, "after": after, "wait": "5"}
        page = (await api.get("/events", params=sought, timeout=30)).raise_for_status().json()
        if any(link_id in str(each) for each in page["data"]):
            return
        after = page["next_cursor"]
    asked = (await api.get(f"/links/{link_id}/access-requests")).json()["data"]
    raise AssertionError(f"no {event_type}: {asked}")


async def called(api: httpx2.AsyncClient, link_id: str) -> None:
    """Wait until the platform was called about a link."""
    for _ in range(300):
        if (await api.get(f"/links/{link_id}/platform-calls")).raise_for_status().json()["total"]:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("no platform call was made")


def _by_hand(brand: Brand) -> dict[str, object]:
    return {"bc_id": brand.center_id, "partner_id": AGENCY_BC, "asset_ids": [brand.account_id]}
