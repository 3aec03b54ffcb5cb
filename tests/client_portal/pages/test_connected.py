"""The connected lane through the pages: the trip, what can be picked, what cannot and why, and the live status."""

import asyncio
import re
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.connections.models import Connection
from app.kit.database import Sessions
from app.links import queries as links
from simulator import seed
from tests.client_portal.walk import BY_HAND, Walk, trip
from tests.house import House
from tests.world import PUBLIC_URL, World


async def test_nothing_is_typed_from_the_trip_to_the_receipt(
    walk: Walk, api: httpx2.AsyncClient, house: House, world: World
) -> None:
    await house.connect_agency(world.north)
    await api.put("/agency/words/en", json={"lane": "Ours: <i>", "review": "Ours: yes", "closing": "Ours: thanks"})
    await api.patch("/agency", json={"return_url": "https://north.example/thanks?a=1&b=2"})
    first = (await walk.browser.get(walk.corner.link_path)).text
    await walk.start()
    for page in (first, (await walk.see("way")).text):
        assert "North Agency writes:" in page
        assert "Ours: &lt;i&gt;" in page, "wherever the lane is chosen"
    assert walk.goes_to(await trip(walk, house)) == "assets"
    page = (await walk.see("account")).text
    assert re.search(rf'value="{seed.MAISON_LUNE}"\s+checked', page), "the only one is picked already"
    page = (await walk.see("assets")).text
    assert "Maison Lune EU" in page
    assert "Step 2 of 4" in page, "the account is no step of its own"
    for account in (seed.LUNE_EU, seed.LUNE_UK):
        assert re.search(rf'value="{account}"\s+checked', page), "as ticked at TikTok"
    assert walk.goes_to(await walk.send("assets", ad_account=[seed.LUNE_EU, seed.LUNE_UK])) == "about"
    await walk.answer("about")
    page = (await walk.see("review")).text
    assert "Share ad account Maison Lune EU" in page
    assert "Ours: yes" in page
    await walk.agree()
    page = (await walk.see("progress")).text
    assert "We’re on it" in page
    assert "Back to north.example" not in page, "not before all is done"
    assert re.search(r'<noscript>\s*<meta http-equiv="refresh"', page)
    await house.work()
    receipt = (await walk.see("receipt")).text
    assert "Read back with North Agency’s own access" in receipt
    for page in ((await walk.see("progress")).text, receipt):
        assert "You’re all set" in page
        assert "Ours: thanks" in page
        assert re.search(
            r'href="https://north.example/thanks\?a=1&amp;b=2" rel="noopener noreferrer">Back to north', page
        )


async def test_the_live_part_is_sent_only_when_something_moved(walk: Walk, house: House, world: World) -> None:
    await house.connect_agency(world.north)
    await walk.start()
    await trip(walk, house)
    await walk.send("account", account_id=seed.MAISON_LUNE)
    await walk.send("assets", ad_account=[seed.LUNE_EU])
    await walk.answer("about")
    await walk.agree()
    address = re.search(r'hx-get="([^"]+)"', (await walk.see("progress")).text)
    assert address
    assert (await walk.browser.get(address[1])).status_code == 204
    await house.work()
    moved = await walk.browser.get(address[1])
    assert (moved.status_code, moved.headers["hx-refresh"], moved.text) == (200, "true", ""), "with the receipt"
    page = (await walk.see("progress")).text
    assert "You’re all set" in page
    assert "hx-get" not in page, "nothing is asked for any more"


async def test_a_person_without_a_name(walk: Walk, house: House, sessions: Sessions, world: World) -> None:
    await walk.start()
    await trip(walk, house)
    async with sessions.begin() as session:
        await session.execute(
            update(Connection).where(Connection.agency_id == world.north.agency_id).values(person=None)
        )
    assert "Continue as your TikTok sign-in" in (await walk.see("way")).text


async def test_before_the_trip_the_use_of_the_authorization_is_explained_with_its_limit(
    walk: Walk, house: House, session: AsyncSession, world: World
) -> None:
    await walk.start()
    page = " ".join((await walk.see("way")).text.split())
    assert "Keyturn only reads your name, your accounts and who has access, shares what you agree to" in page
    assert "asks TikTok to cancel the permission" in page
    limit = re.search(r"at the latest (\d+) hours after you connect", page)
    assert limit
    await trip(walk, house)
    connection = (await session.scalars(select(Connection).where(Connection.agency_id == world.north.agency_id))).one()
    assert connection.revoke_at
    assert connection.revoke_at - connection.created_at == timedelta(hours=int(limit[1]))


async def test_whoever_cancels_shared_nothing_and_may_go_on(walk: Walk, house: House) -> None:
    await walk.start()
    assert walk.goes_to(await trip(walk, house, cancel=True)) == "way?cancelled=1"
    page = (await walk.see("way?cancelled=1")).text
    assert "Nothing was shared." in page
    assert "Do it by hand" in page


async def test_coming_back_twice_goes_on_like_the_first_time(walk: Walk, house: House) -> None:
    await walk.start()
    first = await trip(walk, house)
    assert walk.goes_to(first) == "assets"
    assert walk.goes_to(await walk.browser.get(str(first.request.url))) == "assets"
    fresh = await walk.browser.get(f"{walk.path}/return?handle=nonsense")
    assert walk.goes_to(fresh) == "assets"


async def test_the_way_back_in_another_browser_exchanges_nothing(
    app: FastAPI, walk: Walk, house: House, world: World
) -> None:
    await walk.start()
    out = await walk.send("connection")
    query = await house.tiktok.consent(out.headers["location"], seed.ANA_CLIENT)
    back = await walk.browser.get("/callbacks/tiktok", params=query)
    address = back.headers["location"].removeprefix(PUBLIC_URL)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL) as other:
        without = await other.get(address)
        second = Walk(other, world.north)
        await second.start()
        with_own_cookie = await other.get(address)
    for page in (without, with_own_cookie):
        assert page.status_code == 403
        assert "Open your link again to continue" in page.text
    assert not (await house.tiktok.calls())["by_path"]


async def test_an_account_left_out_can_be_ticked_with_anothertrip(walk: Walk, house: House) -> None:
    await walk.start()
    await trip(walk, house, ticked=[seed.LUNE_EU])
    await walk.send("account", account_id=seed.MAISON_LUNE)
    page = (await walk.see("assets")).text
    assert "<dt>Maison Lune UK</dt>" in page
    assert "was left out" in page
    assert "Tick it at TikTok" in page
    assert 'href="#ad_account"' in await walk.sent_back("assets", ad_account=[seed.LUNE_UK])
    assert walk.goes_to(await trip(walk, house)) == "assets"
    assert walk.goes_to(await walk.send("assets", ad_account=[seed.LUNE_UK])) == "about"


async def test_what_was_ticked_at_tiktok_is_ticked_until_the_client_chose(walk: Walk, house: House) -> None:
    await walk.start()
    await trip(walk, house, ticked=[seed.LUNE_EU, seed.LUNE_UK])
    assert _ticked((await walk.see("assets")).text) == {seed.LUNE_EU, seed.LUNE_UK}
    await walk.send("assets", ad_account=[seed.LUNE_UK])
    assert _ticked((await walk.see("assets")).text) == {seed.LUNE_UK}, "what was unticked stays unticked"


def _ticked(page: str) -> set[str]:
    """The ad accounts that are ticked."""
    return set(re.findall(r'name="ad_account"\s+value="(\d+)"\s+checked', page))


async def test_with_several_accounts_the_choice_is_a_step(walk: Walk, house: House) -> None:
    await walk.start()
    assert walk.goes_to(await trip(walk, house, seed.TWO_BRANDS_THEO)) == "account"
    assert "Step 2 of 5" in (await walk.see("account")).text
    await walk.send("account", account_id=seed.BRAND_FR, sure=seed.BRAND_FR)
    assert "Step 3 of 5" in (await walk.see("assets")).text


async def test_a_standard_member_is_told_what_to_do(walk: Walk, house: House) -> None:
    await walk.start()
    await trip(walk, house, seed.SAM_STANDARD)
    page = (await walk.see("account")).text
    assert "only an Admin can share" in page
    assert 'type="radio"' not in page
    assert 'href="#account_id"' in await walk.sent_back("account", account_id=seed.MAISON_LUNE)


async def test_the_agencys_own_business_center_cannot_be_picked(walk: Walk, house: House) -> None:
    await walk.start()
    await trip(walk, house, seed.NORA_NORTH)
    page = (await walk.see("account")).text
    assert "own Business Center. Sign in as an Admin of yours." in page
    assert 'type="radio"' not in page
    assert 'href="#account_id"' in await walk.sent_back("account", account_id=seed.NORTH_AGENCY)


async def test_who_has_no_business_center_is_told_so(walk: Walk, house: House) -> None:
    await walk.start()
    await trip(walk, house, seed.SOLO_SASHA)
    assert "No Business Center found" in (await walk.see("account")).text


@pytest.mark.parametrize(
    ("account", "why"),
    [
        (seed.DISABLED_ACCOUNT, "TikTok has suspended"),
        (seed.IN_REVIEW_ACCOUNT, "TikTok is reviewing"),
        (seed.SOUTH_ACCOUNT, "belongs to another Business Center"),
    ],
)
async def test_what_cannot_be_shared_says_why(walk: Walk, house: House, account: str, why: str) -> None:
    await walk.start()
    await trip(walk, house, seed.MIXED_MILO)
    await walk.send("account", account_id=seed.COMPTOIR_MIXTE, sure=seed.COMPTOIR_MIXTE)
    page = (await walk.see("assets")).text
    assert why in page
    assert f'value="{account}"' not in page


async def test_another_business_center_lets_go_of_what_was_picked(
    walk: Walk, house: House, session: AsyncSession, world: World
) -> None:
    await walk.start()
    await trip(walk, house, seed.TWO_BRANDS_THEO)
    await walk.send("account", account_id=seed.BRAND_FR, sure=seed.BRAND_FR)
    await walk.send("assets", ad_account=[seed.BRAND_FR_ACCOUNTS[0]])
    assert walk.goes_to(await walk.send("account", account_id=seed.BRAND_DE, sure=seed.BRAND_DE)) == "assets"
    access_requests = await links.access_requests(session, world.north.agency_id, world.north.link_id)
    assert [access_request.asset_id for access_request in access_requests] == [None]


async def test_the_lane_can_be_changed_at_any_point_without_losing_anything(
    walk: Walk, house: House, world: World
) -> None:
    await house.connect_agency(world.north)
    await walk.start()
    await walk.answer("lane", "account", "assets")
    assert walk.goes_to(await trip(walk, house, seed.TWO_BRANDS_THEO)) == "assets"
    assert re.search(r'value="7200000000000000201"\s+checked', (await walk.see("assets")).text)
    await walk.answer("about")
    await walk.agree()
    assert walk.goes_to(await walk.send("lane", lane="guided")) == "progress"
    await house.work()
    assert "Your steps in TikTok" in (await walk.see("progress")).text
    assert walk.goes_to(await trip(walk, house, seed.TWO_BRANDS_THEO)) == "progress"
    await house.work()
    assert "You’re all set" in (await walk.see("progress")).text


async def test_a_lane_nobody_has_is_not_taken(walk: Walk) -> None:
    await walk.start()
    assert walk.goes_to(await walk.send("lane", lane="flying")) == "way"
    assert BY_HAND["lane"]["lane"] == "guided"


async def test_whoever_went_to_tiktok_and_opens_the_link_again_is_told_about_the_code(walk: Walk) -> None:
    await walk.start()
    assert "code by e-mail. Enter it there" not in (await walk.see("way")).text
    await walk.send("connection")
    assert "code by e-mail. Enter it there" in (await walk.see("way")).text


async def _back_from_tiktok(walk: Walk, house: House) -> dict[str, str]:
    """The client consented: what TikTok's redirect to the callback carries."""
    await walk.start()
    out = await walk.send("connection")
    return await house.tiktok.consent(out.headers["location"], seed.ANA_CLIENT)


async def _load(browser: httpx2.AsyncClient, query: dict[str, str]) -> httpx2.Response:
    """A browser loads the callback and follows it to the link."""
    back = await browser.get("/callbacks/tiktok", params=query)
    assert back.status_code == 303
    return await browser.get(back.headers["location"].removeprefix(PUBLIC_URL))


async def test_a_way_back_loaded_twice_in_a_row_and_at_once_connects_once(walk: Walk, house: House) -> None:
    query = await _back_from_tiktok(walk, house)
    at_once = await asyncio.gather(*(_load(walk.browser, query) for _ in range(2)))
    in_a_row = [await _load(walk.browser, query) for _ in range(2)]
    assert {walk.goes_to(each) for each in (*at_once, *in_a_row)} == {"assets"}
    assert (await house.tiktok.calls())["by_path"]["oauth2/access_token/"] == 1


async def test_a_way_back_that_a_stranger_loads_first_connects_the_client(
    app: FastAPI, walk: Walk, house: House
) -> None:
    query = await _back_from_tiktok(walk, house)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL) as stranger:
        assert (await _load(stranger, query)).status_code == 403
    assert walk.goes_to(await _load(walk.browser, query)) == "assets"
    assert (await house.tiktok.calls())["by_path"]["oauth2/access_token/"] == 1


async def test_a_way_back_loaded_again_does_not_change_the_way_chosen_since(
    walk: Walk, house: House, session: AsyncSession, world: World
) -> None:
    query = await _back_from_tiktok(walk, house)
    await _load(walk.browser, query)
    await walk.send("lane", lane="guided")
    await _load(walk.browser, query)
    assert (await links.load_link(session, world.north.agency_id, world.north.link_id)).on("tiktok").lane == "guided"


async def test_where_tiktok_answers_in_another_shape_it_goes_on_by_hand_to_the_end(
    walk: Walk, house: House, api: httpx2.AsyncClient
) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await walk.start()
    await walk.send("lane", lane="connected")
    await trip(walk, house)
    await house.agree(north, seed.LUNE_EU)
    await house.tiktok.fault("bc/partner/asset/get/", code=0, times=None)
    await house.work(2)
    assert "You can also do it by hand" in (await walk.see("progress")).text
    await walk.send("lane", lane="guided")
    await house.tiktok.share_by_hand(seed.MAISON_LUNE, seed.LUNE_EU)
    await walk.send("check")
    await house.work(2)
    (access_request,) = await house.access_requests(north)
    assert (access_request.status, access_request.code, access_request.next_actor) == (
        "unverifiable",
        "platform_changed",
        "agency",
    )
    said = await api.post(f"/access-requests/{access_request.id}/attestation", json={"by": "Nora North"})
    assert said.status_code == 200, said.text
    await house.work(2)
    assert await house.statuses(north) == [("attested", None)]
    await house.tiktok.clear_faults()  # as a newer version of Keyturn reads it
    await house.work(2)
    assert await house.statuses(north) == [("verified", None)]
