"""Access that an agency has already, in a browser: the import, and the one act that each finding opens."""

import asyncio

import httpx2
from playwright.async_api import Page, expect

from demo.world import Demo
from tests.browser.brands import Brand, agree_by_hand, happened, new_brand, share, take_back
from tests.browser.conftest import Joined
from tests.browser.look import check_all


async def _verified(demo: Demo, api: httpx2.AsyncClient, name: str) -> Brand:
    """A client whose ad account was read back."""
    brand = await new_brand(demo, api, name)
    await share(demo, brand)
    await agree_by_hand(brand)
    await happened(api, "access.verified", brand.link_id)
    return brand


async def _look_again(api: httpx2.AsyncClient, brand: Brand) -> None:
    (asked,) = (await api.get(f"/links/{brand.link_id}/access-requests")).json()["data"]
    (await api.post(f"/access-requests/{asked['id']}/verification")).raise_for_status()


async def _act(page: Page, demo: Demo, name: str, step: str) -> None:
    """Find the access of a client on a phone, and open its next step."""
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto(f"{demo.addresses.web}/desk/access")
    await page.get_by_role("searchbox").fill(name)
    await page.get_by_role("button", name="Search").click()
    row = page.get_by_role("row").filter(has_text=name)
    await expect(row.get_by_role("link")).to_have_text([step])
    await row.get_by_role("link").click()


async def test_each_finding_of_agreed_access_opens_its_act(demo: Demo, api: httpx2.AsyncClient, joined: Joined) -> None:
    drifted, closed = await asyncio.gather(_verified(demo, api, "Drifted Dunes"), _verified(demo, api, "Closed Clouds"))
    buyers = {"buyers": [{"email": "nobody-there@north.example", "role": "OPERATOR"}]}
    (await api.put(f"/links/{closed.link_id}/buyers", json=buyers)).raise_for_status()
    await take_back(demo, drifted)
    await _look_again(api, drifted)
    await happened(api, "grant.drifted", drifted.link_id)
    page = await joined("member")
    await _act(page, demo, drifted.name, "Write to the client")
    await expect(page.get_by_role("textbox", name="Ready to send")).to_be_in_viewport()
    await expect(page.get_by_role("heading", name="Why not green?")).to_be_visible()
    await _act(page, demo, closed.name, "Set the buyers")
    await expect(page.get_by_role("heading", name="Buyers of this link")).to_be_in_viewport()
    await expect(page.get_by_label("E-mail address of person 1")).to_have_value("nobody-there@north.example")


async def test_found_access_becomes_a_link_of_its_client_or_is_taken_away(demo: Demo, joined: Joined) -> None:
    page = await joined("manager")
    await page.goto(f"{demo.addresses.web}/desk/access")
    await page.get_by_role("button", name="Read again").click()
    await expect(page.get_by_role("region", name="Your own side at TikTok")).to_contain_text("partners read")
    await page.get_by_role("navigation", name="By what was found").get_by_role("link", name="In no link").click()
    row = page.get_by_role("table").first.get_by_role("row").nth(1)
    name = await row.get_by_role("rowheader").inner_text()
    await row.get_by_role("link", name="Make a link").click()
    await expect(page.get_by_role("heading", level=1, name="New link")).to_be_visible()
    await expect(page.locator("dl.kv")).to_contain_text(name)
    await page.go_back()
    await row.get_by_role("link", name="Take away").click()
    await expect(page.get_by_role("button", name="Take it away")).to_be_visible()
    await page.get_by_role("link", name="Keep it").click()
    await page.get_by_role("searchbox").fill("no such thing")
    await page.get_by_role("button", name="Search").click()
    await expect(page.get_by_text("Nothing here has “no such thing” as name or ID")).to_be_visible()
    await check_all(page, "access-nothing-found")
