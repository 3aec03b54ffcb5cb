"""One link for two platforms: two lanes, two connections, both verified, drifted and taken away."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from app.kit.html import forms
from simulator import seed
from simulator.seed import LUNE_EU, MAISON_LUNE
from tests.client_portal.walk import SAME_ORIGIN, Walk, trip
from tests.house import House
from tests.second_platform.adapter import with_plaza
from tests.second_platform.simulator import AGENCY, BULLETIN, CLIENT, SHOP, Plaza
from tests.world import CLIENT_BROWSER, PUBLIC_URL, World

PRESET: dict[str, Any] = {
    "slug": "both", "name": "Both", "sentence": "Ads and shops.", "screens": ["markets"],
    "access_requests": [
        {"kind": "ad_account", "role": "OPERATOR", "reason": "To run campaigns."},
        {"platform": "plaza", "kind": "storefront", "role": "VIEWER", "reason": "To see what sells."},
        {"platform": "plaza", "kind": "bulletin", "role": "AUTHOR", "reason": "To write news."},
    ],
}  # fmt: skip


@pytest.fixture
def plaza(app: FastAPI, house: House) -> Plaza:
    """Plaza, of which web and worker of this installation know."""
    world = Plaza()
    platforms = with_plaza(house.tools.platforms, world)
    app.state.services.platforms = platforms
    object.__setattr__(house.tools, "platforms", platforms)
    return world


@pytest.fixture
async def both(api: httpx2.AsyncClient, browser: httpx2.AsyncClient, plaza: Plaza, world: World) -> Walk:
    """A client in front of a link that requests access on both platforms."""
    del plaza
    added = await api.post("/agency/accounts", json={"platform": "plaza", "account_id": AGENCY, "name": "North"})
    assert added.status_code == 201, added.text
    made = await api.post("/presets", json=PRESET)
    assert made.status_code == 201, made.text
    link = (await api.post("/links", json={"client_id": world.north.client_id, "preset": "both"})).json()
    browser.cookies.set(forms.BROWSER, CLIENT_BROWSER)
    token = str(link["address"]).rpartition("/")[2]
    return Walk(browser, replace(world.north, link_id=link["id"], token=token))


@pytest.fixture
async def alone(both: Walk, api: httpx2.AsyncClient) -> Walk:
    """A client in front of a link that requests access on the second platform only."""
    of_plaza = [each for each in PRESET["access_requests"] if each.get("platform") == "plaza"]
    made = await api.post("/presets", json={**PRESET, "slug": "plaza", "name": "Plaza", "access_requests": of_plaza})
    assert made.status_code == 201, made.text
    link = (await api.post("/links", json={"client_id": both.corner.client_id, "preset": "plaza"})).json()
    token = str(link["address"]).rpartition("/")[2]
    return Walk(both.browser, replace(both.corner, link_id=link["id"], token=token), first="plaza/way")


async def connect_agency(api: httpx2.AsyncClient, browser: httpx2.AsyncClient, plaza: Plaza) -> None:
    """A member connects the agency's business."""
    invited = (await api.post("/connections/invitations?platform=plaza")).json()
    path = str(invited["address"]).removeprefix(PUBLIC_URL)
    page = await browser.get(path)
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', page.text)
    out = await browser.post(path, data={"form_token": token[1]} if token else {}, headers=SAME_ORIGIN)
    assert out.status_code == 303, out.text
    back = await browser.get("/callbacks/plaza", params=plaza.consent(out.headers["location"], "Nora North"))
    arrived = await browser.get(back.headers["location"].removeprefix(PUBLIC_URL))
    assert "Nora North" in (await browser.get(arrived.headers.get("location", path))).text or arrived.is_success


async def plaza_trip(walk: Walk, plaza: Plaza) -> httpx2.Response:
    """The client goes to Plaza and comes back."""
    out = await walk.send("plaza/connection")
    assert out.status_code == 303, out.text
    back = await walk.browser.get("/callbacks/plaza", params=plaza.consent(out.headers["location"], "Ana Client"))
    return await walk.browser.get(back.headers["location"].removeprefix(PUBLIC_URL))


async def agree_to_both(walk: Walk, house: House, plaza: Plaza) -> None:
    """The client's whole way, through both platforms in the link's order."""
    await walk.start()
    assert walk.goes_to(await walk.see()) == "way"
    assert walk.goes_to(await trip(walk, house)) == "assets", "its only Business Center is chosen"
    assert walk.goes_to(await walk.send("assets", ad_account=[LUNE_EU])) == "plaza/way"
    assert "Connect with Plaza" in (await walk.see("plaza/way")).text
    assert walk.goes_to(await plaza_trip(walk, plaza)) == "plaza/assets"
    page = (await walk.see("plaza/assets")).text
    assert "Lune Paris" in page
    assert "Maison Lune EU" not in page
    assert walk.goes_to(await walk.send("plaza/assets", storefront=[SHOP], bulletin=[BULLETIN])) == "about"
    await walk.answer("about")
    review = (await walk.see("review")).text
    for said in ("Maison Lune EU", "Lune Paris", "Lune News"):
        assert said in review
    assert walk.goes_to(await walk.agree()) == "progress"


async def test_a_client_says_which_of_the_platforms_it_uses(
    both: Walk, api: httpx2.AsyncClient, house: House, plaza: Plaza
) -> None:
    await both.start()
    await trip(both, house)
    await both.send("account", account_id=MAISON_LUNE)
    await both.send("assets", ad_account=[LUNE_EU])
    assert "We don’t use Plaza" in (await both.see("plaza/way")).text
    assert both.goes_to(await both.send("plaza/use", used="no")) == "about"
    assert both.goes_to(await both.see("plaza/way")) == "about", "its screens are gone"
    assert "We don’t use TikTok" not in (await both.see("way")).text, "one platform is left"
    await both.answer("about")
    review = (await both.see("review")).text
    assert "You don’t use it. Nothing is shared there." in review
    link = (await api.get(f"/links/{both.corner.link_id}")).json()
    assert {each["platform"]: each["unused_at"] is not None for each in link["platforms"]} == {
        "tiktok": False, "plaza": True,
    }  # fmt: skip
    assert {each["platform"]: each["status"] for each in link["access_requests"]} == {
        "tiktok": "waiting", "plaza": "declined",
    }  # fmt: skip
    # it changes its mind, and then leaves it out and agrees to the rest
    assert both.goes_to(await both.send("plaza/use", used="yes")) == "plaza/way"
    assert both.goes_to(await both.send("plaza/use", used="no")) == "review"
    await both.agree()
    await house.connect_agency(both.corner)
    await house.work()
    link = (await api.get(f"/links/{both.corner.link_id}")).json()
    assert link["status"] == "completed"
    assert plaza.permissions == {}


async def test_one_link_two_platforms_from_the_first_page_to_the_removal(
    both: Walk, api: httpx2.AsyncClient, house: House, plaza: Plaza, world: World
) -> None:
    corner = replace(world.north, link_id=both.corner.link_id)
    await house.connect_agency(corner)
    await connect_agency(api, both.browser, plaza)
    await agree_to_both(both, house, plaza)

    # both lanes, both connections, all verified by reading back
    await house.work()
    link = (await api.get(f"/links/{corner.link_id}")).json()
    assert [(each["platform"], each["lane"], each["client_account_id"]) for each in link["platforms"]] == [
        ("tiktok", "connected", MAISON_LUNE), ("plaza", "connected", CLIENT),
    ]  # fmt: skip
    assert {each["status"] for each in link["access_requests"]} == {"verified"}, link["access_requests"]
    assert link["status"] == "completed"
    assert plaza.permissions == {(SHOP, AGENCY): "VIEWER", (BULLETIN, AGENCY): "AUTHOR"}
    connections = (await api.get("/connections")).json()["data"]
    assert {(each["platform"], each["side"]) for each in connections} == {
        (platform, side) for platform in ("tiktok", "plaza") for side in ("agency", "client")
    }
    receipt = (await both.see("receipt")).text
    for said in ("Maison Lune EU", "Lune Paris", "Lune News", CLIENT):
        assert said in receipt

    # a kickoff reads both
    for closed, result in ((set[str](), ("pass", None)), ({BULLETIN}, ("to_do", "ad_account_suspended"))):
        plaza.closed = closed
        checks = (await api.post(f"/links/{corner.link_id}/kickoffs")).json()["checks"]
        found = {(each["platform"], each["key"]): each for each in checks if each["kind"] != "storefront"}
        assert found["tiktok", "campaign"]["status"] == found["plaza", "access"]["status"] == "pass"
        assert (found["plaza", "campaign"]["status"], found["plaza", "campaign"]["code"]) == result
        assert found["plaza", "country"]["country"] == "FR"
        assert ("plaza", "people") not in found, "it has no assignments"

    # the agency's token is replaced before it ends, and still reads
    assert plaza.refreshed == 0
    await house.later(timedelta(minutes=55))
    await house.work()
    assert plaza.refreshed == 1

    # each platform drifts by itself
    del plaza.permissions[SHOP, AGENCY]
    await house.later(timedelta(days=2))
    await house.work()
    statuses = {each.asset_id: each.status for each in await house.access_requests(corner)}
    assert statuses == {LUNE_EU: "verified", SHOP: "drifted", BULLETIN: "verified"}
    await house.tiktok.unshare_by_hand(MAISON_LUNE, LUNE_EU)
    await house.later(timedelta(days=2))
    await house.work()
    assert {each.asset_id: each.status for each in await house.access_requests(corner)}[LUNE_EU] == "drifted"
    plaza.permissions[SHOP, AGENCY] = "VIEWER"
    await house.tiktok.share_by_hand(MAISON_LUNE, LUNE_EU, role="OPERATOR")
    await house.later(timedelta(days=2))
    await house.work()
    assert {each.status for each in await house.access_requests(corner)} == {"verified"}

    # and all of it is taken away, with the client's authorizations of that day
    assert await house.connect_client(corner) == "connected"
    await plaza_trip(both, plaza)
    for grant in (await api.get("/grants")).json()["data"]:
        answer = await api.post(f"/grants/{grant['id']}/revocation")
        assert answer.is_success, answer.text
    await house.work()
    assert plaza.permissions == {}
    assert {each["status"] for each in (await api.get("/grants")).json()["data"]} == {"ended"}
    mine = [each for each in (await house.tiktok.world())["shares"] if each["bc_id"] == MAISON_LUNE]
    assert [each for each in mine if each["partner_id"] == seed.NORTH_AGENCY] == []
    types = await house.events(corner)
    assert types.count("access.verified") >= 3
    assert types.count("grant.drifted") == 2
    assert types.count("grant.revoked") == 3


async def test_a_link_of_the_second_platform_alone_says_nothing_of_the_first(
    alone: Walk, api: httpx2.AsyncClient, house: House, plaza: Plaza
) -> None:
    """By hand, with every mistake on the way, and then connected; the e-mail to the client, too."""
    pages: list[httpx2.Response] = [await alone.browser.get(alone.corner.link_path)]

    async def see(screen: str = "") -> str:
        pages.append(await alone.see(screen))
        assert pages[-1].status_code == 200, screen
        return pages[-1].text

    async def refused(form: str, said: str, **fields: Any) -> None:
        assert said in await alone.sent_back(form, **fields)
        await see(form)

    await alone.start()
    await see("plaza/way")
    await alone.send("plaza/lane", lane="guided")
    assert "What is the ID of your account?" in await see("plaza/account")
    await refused("plaza/account", "Enter the ID of your account.", account_id=" ")
    await refused("plaza/account", "is an address", account_id="https://plaza.example/biz-lune")
    await refused("plaza/account", "Enter your own", account_id=AGENCY)
    assert alone.goes_to(await alone.send("plaza/account", account_id=CLIENT)) == "plaza/assets"
    await see("plaza/assets")
    await refused("plaza/assets", "You gave biz-lune already", storefront=CLIENT, bulletin=BULLETIN)
    await alone.send("plaza/assets", storefront=SHOP, bulletin=BULLETIN)
    await alone.answer("about")
    await see("checklist")
    await see("review")
    assert alone.goes_to(await alone.agree()) == "progress"
    await see("progress")
    await alone.send("plaza/check")
    await connect_agency(api, alone.browser, plaza)
    await house.work()
    for screen in ("progress", "receipt"):
        assert "shop-101" in await see(screen)

    # what was shared by hand is read back; a drift, a role too high, and the removal are in the platform's words
    plaza.permissions |= {(SHOP, AGENCY): "EDITOR", (BULLETIN, AGENCY): "AUTHOR"}
    await alone.send("plaza/check")
    await house.work()
    assert "At Plaza, remove" in await see("progress")
    plaza.permissions[SHOP, AGENCY] = "VIEWER"
    await alone.send("plaza/check")
    await house.work()
    link = (await api.get(f"/links/{alone.corner.link_id}")).json()
    assert {each["status"] for each in link["access_requests"]} == {"verified"}
    del plaza.permissions[SHOP, AGENCY]
    await house.later(timedelta(days=2))
    await house.work()
    assert "is no longer shared with" in await see("progress")
    for grant in (await api.get("/grants")).json()["data"]:
        await api.post(f"/grants/{grant['id']}/revocation")
    await house.work()
    for screen in ("progress", "receipt"):
        await see(screen)
    said = re.compile(r"[^.>]*(?:TikTok|Business Center|Ads Manager|ad account|campaign|\bads\b)[^.<]*")
    assert {f"{page.url.path}: {text}" for page in pages for text in said.findall(page.text)} == set()
