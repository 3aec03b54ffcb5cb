"""Every page of the dashboard in Chromium, from phone to desk, light and dark: accessible, and nothing overflows.

With KEYTURN_SCREENS each page is also written as a PNG into that folder: `make screens`.
"""

import re
from collections.abc import Mapping

import httpx2
import pytest
from playwright.async_api import Browser, Page, StorageState
from starlette.routing import Route

from app import routes
from app.links.own_platforms.schemas import EXAMPLE
from demo.world import Demo
from tests.browser.look import check_all, complaints
from tests.tenants.agencies.pictures import drawn

#: Pages of somebody who is not signed in yet.
DOOR = ("/desk/sign-in",)
#: Opened after a form, with a token that works once, or by a provider: `test_signing_in.py` has them.
ONCE = (
    "/desk/account/second-factor",
    "/desk/sign-in/code",
    "/desk/setup/{code}",
    "/desk/join/{token}",
    "/desk/oidc/{provider}/return",
)
#: Answers that are no page.
FILES = re.compile(r"\.(?:csv|jsonl|svg)$|/files/\{file_id\}$")
#: Further states of pages, in their address.
STATES = (
    "/desk?turn=ended", "/desk?owner=mine", "/desk?turn=verified&q=lune", "/desk?q=nothing+has+this+name",
    "/desk/links/{link_id}?act=owner", "/desk/links/{link_id}?act=new-contact", "/desk/links/{link_id}?act=new-person",
    *(f"/desk/first-steps?step={step}" for step in ("account", "brand", "webhook", "link")),
    "/desk/doctor?platform=tiktok",
    "/desk/links/{link_id}?why={access_request_id}&calls=all&events=all", "/desk/links/{link_id}?act=new-link",
    "/desk/links/{link_id}?why={access_request_id}&act=removal&about={access_request_id}",
    "/desk/links/{link_id}?why={access_request_id}&act=role&about={access_request_id}",
    "/desk/links/{link_id}?act=buyers", "/desk/links/{waiting_link_id}?act=new-access",
    "/desk/links/{link_id}?act=client",
    "/desk/links/{waiting_link_id}?act=extension",
    "/desk/webhooks/events?type=access.verified",
    "/desk/webhooks/new?destination=http", "/desk/webhooks/new?destination=hubspot",
    "/desk/links/{link_id}/kickoff?attest=payment", "/desk/links/{waiting_link_id}/kickoff", "/kickoffs/{result}",
    "/desk/presets/tracking-fix", "/desk/presets/{slug}?preview_page=steps",
    "/desk/webhooks/{endpoint_id}/replay?since=2026-11-30T00:00&select=all",
)  # fmt: skip


def addresses() -> list[str]:
    """The paths of every page of the dashboard."""
    found = [
        route.path
        for route in routes.served("pages")
        if isinstance(route, Route) and route.path.startswith("/desk") and "GET" in (route.methods or ())
    ]
    return [path for path in found if path not in (*ONCE, *DOOR) and not FILES.search(path)]


@pytest.fixture(scope="session")
def names(demo: Demo, signed_in: StorageState) -> Mapping[str, str]:
    """The parameters of addresses: ids of the demo."""
    cookies = {each["name"]: each["value"] for each in signed_in["cookies"]}
    team = httpx2.get(f"{demo.addresses.web}/desk/team", cookies=cookies).text
    member_id = team.partition('href="/desk/team/')[2].partition('"')[0]
    headers = {"Authorization": f"Bearer {demo.api_key}"}
    with httpx2.Client(base_url=f"{demo.addresses.web}/api/v1", headers=headers) as api:
        links = api.get("/links").json()["data"]
        link = next(each for each in links if each["status"] == "completed")
        waiting = next(each for each in links if each["next_actor"] == "client")
        asked = api.get(f"/links/{link['id']}/access-requests").json()["data"]
        (partner, *_) = api.get("/partners").json()["data"]
        domain = api.post("/agency/domains", json={"host": "access.north-agency.example"}).json()
        kickoff = api.post(f"/links/{link['id']}/kickoffs").raise_for_status().json()
        shared = api.post(f"/kickoffs/{kickoff['id']}/share", json={}).raise_for_status().json()
        picture = api.put("/own-platforms/pictures", files={"file": ("step.png", drawn())}).raise_for_status().json()
        step = {"text": {"en": "Open Members."}, "picture": {"sha256": picture["sha256"], "alt": {"en": "The page"}}}
        own = api.post("/own-platforms", json={**EXAMPLE, "steps": [step, *EXAMPLE["steps"]]}).raise_for_status().json()
        demo_preset = next(each["slug"] for each in api.get("/presets").json()["data"] if not each["built_in"])
        return {
            "link_id": link["id"], "client_id": link["client_id"], "endpoint_id": demo.endpoint_id,
            "waiting_link_id": waiting["id"], "access_request_id": asked[0]["id"],
            "partner_id": partner["id"], "domain_id": domain["id"], "key_id": api.get("/me").json()["key_id"],
            "member_id": member_id, "platform": "tiktok", "name": "way", "slug": demo_preset, "key": "meta",
            "platform_key": own["key"],
            "grant_id": api.get("/grants").json()["data"][0]["id"],
            "public_link_id": next(
                each["id"] for each in api.get("/public-links").json()["data"] if each["status"] == "open"
            ),
            "result": shared["address"].rpartition("/")[2],
        }  # fmt: skip


async def _looked_at(page: Page, address: str) -> None:
    said = complaints(page)
    answer = await page.goto(address)
    assert answer
    assert answer.status == 200
    assert page.url == address, "it shows another page"
    path = re.sub(r"^http://[^/]*(?:/desk)?|/[\w-]{43}$", "", address)
    await check_all(page, re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")[:80] or "pipeline")
    assert said == []


@pytest.mark.parametrize("path", [*addresses(), *STATES])
async def test_a_page_is_accessible_and_fits(
    chromium: Browser, demo: Demo, signed_in: StorageState, names: Mapping[str, str], path: str
) -> None:
    context = await chromium.new_context(storage_state=signed_in)
    try:
        await _looked_at(await context.new_page(), demo.addresses.web + path.format_map(names))
    finally:
        await context.close()


@pytest.mark.parametrize("path", DOOR)
async def test_a_page_before_the_sign_in_is_accessible_and_fits(chromium: Browser, demo: Demo, path: str) -> None:
    context = await chromium.new_context()
    try:
        await _looked_at(await context.new_page(), demo.addresses.web + path)
    finally:
        await context.close()


async def test_the_keyboard_reaches_the_content_first_and_the_menu_of_a_phone(
    chromium: Browser, demo: Demo, signed_in: StorageState
) -> None:
    context = await chromium.new_context(viewport={"width": 390, "height": 844}, storage_state=signed_in)
    page = await context.new_page()
    await page.goto(f"{demo.addresses.web}/desk")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.get_by_role("button", name="Menu").focus()
    await page.keyboard.press("Enter")
    assert await page.get_by_role("button", name="Sign out").is_visible()
    await page.keyboard.press("Escape")
    assert not await page.get_by_role("button", name="Sign out").is_visible()
    await context.close()


async def test_the_pipeline_moves_by_itself_and_leaves_the_focus(
    chromium: Browser, demo: Demo, signed_in: StorageState
) -> None:
    headers = {"Authorization": f"Bearer {demo.api_key}"}
    async with httpx2.AsyncClient(base_url=f"{demo.addresses.web}/api/v1", headers=headers) as api:
        (await api.post("/links", json={"client": {"name": "Velo Anker"}})).raise_for_status()
        context = await chromium.new_context(storage_state=signed_in)
        page = await context.new_page()
        await page.clock.install()
        # a group shows only those that wait longest: other tests' links are filtered out
        await page.goto(f"{demo.addresses.web}/desk?q=velo")
        await page.get_by_role("link", name="Velo Anker", exact=True).focus()
        (await api.post("/links", json={"client": {"name": "Velo Kern"}})).raise_for_status()
    before = int(await page.locator("#strip .n").nth(2).inner_text())
    await page.clock.fast_forward(21_000)
    await page.get_by_role("link", name="Velo Kern", exact=True).wait_for()
    assert int(await page.locator("#strip .n").nth(2).inner_text()) == before + 1
    assert await page.evaluate("document.activeElement.textContent") == "Velo Anker"
    await context.close()
