"""Pixels through the pages: picked or typed, each in one ad account, or none; roles lowered and access taken back."""

import re

import pytest
from sqlalchemy import select

from app.access.connections.models import Connection
from app.access.grants import service as grants
from app.links import queries as links
from simulator import seed
from simulator.seed import LUNE_EU, LUNE_UK, LUNE_US, MAISON_LUNE, PIXEL_LUNE_APP_CODE, PIXEL_LUNE_CODE
from tests.client_portal.walk import Remembered, Walk, trip
from tests.house import House
from tests.prepared import Prepared
from tests.world import TESTS

VERIFIED = ("verified", None)
ON = f"on-{PIXEL_LUNE_APP_CODE}"


@pytest.fixture
async def asked(walk: Walk, house: House, prepared: Prepared) -> Walk:
    """A client who connected, on a link that asks for a pixel, too, which may be left out."""
    walk.remember(await prepared.reach("asked for a pixel", lambda: _connected(walk, house)))
    return walk


async def _connected(walk: Walk, house: House) -> Remembered:
    await house.connect_agency(walk.corner)
    await house.ask_for(walk.corner, "pixel", "LINK", required=False)
    await walk.start()
    await trip(walk, house)
    await walk.send("account", account_id=MAISON_LUNE)
    return walk.remembered()


async def _kinds(walk: Walk, house: House) -> list[tuple[str, str | None, str | None, str]]:
    return [
        (access_request.kind, access_request.asset_id, access_request.parent_asset_id, access_request.status)
        for access_request in await house.access_requests(walk.corner)
    ]


async def test_with_one_ad_account_nothing_more_is_asked(asked: Walk, house: House) -> None:
    assert "maisonlune.example app" in (await asked.see("assets")).text
    await asked.send("assets", ad_account=[LUNE_EU], pixel=[PIXEL_LUNE_APP_CODE])
    await asked.answer("about")
    assert "to ad account Maison Lune EU" in (await asked.see("review")).text
    await asked.agree()
    await house.work()
    assert await house.statuses(asked.corner) == [VERIFIED, VERIFIED]
    assert "You’re all set" in (await asked.see("progress")).text


async def test_with_several_the_client_says_where(asked: Walk, house: House) -> None:
    both = {"ad_account": [LUNE_EU, LUNE_UK], "pixel": [PIXEL_LUNE_APP_CODE]}
    for elsewhere in ("7200000000000000999", LUNE_US):  # unknown, and left out
        page = await asked.sent_back("assets", **both, **{ON: elsewhere})
        assert "Choose the ad account in which maisonlune.example app is to be used." in page
        assert f'id="{ON}-problem"' in page
        assert set(_ticked(page)) == {LUNE_EU, LUNE_UK, PIXEL_LUNE_APP_CODE}
    await asked.send("assets", **both, **{ON: LUNE_UK})
    assert ("pixel", PIXEL_LUNE_APP_CODE, LUNE_UK, "waiting") in await _kinds(asked, house)
    assert re.search(rf'value="{LUNE_UK}"\s+selected', (await asked.see("assets")).text)
    await asked.sent_back("assets", **both, **{ON: ""})
    assert ("pixel", PIXEL_LUNE_APP_CODE, LUNE_UK, "waiting") in await _kinds(asked, house), "nothing was saved"
    assert asked.goes_to(await asked.send("assets", **both | {"ad_account": [LUNE_EU]}, **{ON: LUNE_UK})) == "about"
    assert ("pixel", PIXEL_LUNE_APP_CODE, LUNE_EU, "waiting") in await _kinds(asked, house), "in the only one left"


async def test_where_one_ad_account_is_listed_nobody_is_asked_where(walk: Walk, house: House) -> None:
    await house.ask_for(walk.corner, "pixel", "LINK")
    await walk.start()
    await trip(walk, house, ticked=[LUNE_EU])
    page = (await walk.see("assets")).text
    assert f'value="{PIXEL_LUNE_APP_CODE}"' in page
    assert "<select" not in page
    await walk.send("assets", ad_account=[LUNE_EU], pixel=[PIXEL_LUNE_APP_CODE])
    assert ("pixel", PIXEL_LUNE_APP_CODE, LUNE_EU, "waiting") in await _kinds(walk, house)


async def test_by_hand_with_several_the_client_says_where(walk: Walk, house: House) -> None:
    await house.ask_for(walk.corner, "pixel", "LINK")
    await walk.start()
    await walk.answer("lane", "account")
    assert "<select" not in (await walk.see("assets")).text
    typed = {"ad_account": f"{LUNE_EU}, {LUNE_UK}", "pixel": PIXEL_LUNE_APP_CODE.lower()}
    page = await walk.sent_back("assets", **typed)
    assert re.search(rf'<select id="{ON}"', page)
    assert f'id="{ON}-problem"' in page
    for account in (LUNE_EU, LUNE_UK):
        assert f'<option value="{account}"' in page
    await walk.send("assets", **typed, **{ON: LUNE_UK})
    assert ("pixel", PIXEL_LUNE_APP_CODE, LUNE_UK, "waiting") in await _kinds(walk, house)


async def test_none_is_a_no_that_can_be_taken_back(asked: Walk, house: House) -> None:
    await asked.send("assets", ad_account=[LUNE_EU])
    assert ("pixel", None, None, "declined") in await _kinds(asked, house)
    await asked.send("assets", ad_account=[LUNE_EU], pixel=[PIXEL_LUNE_CODE])
    assert ("pixel", PIXEL_LUNE_CODE, LUNE_EU, "waiting") in await _kinds(asked, house)


async def test_a_no_to_a_pixel_changes_the_words_agreed_to_and_can_be_taken_back(asked: Walk, house: House) -> None:
    await asked.send("assets", ad_account=[LUNE_EU], pixel=[PIXEL_LUNE_CODE])
    await asked.answer("about")
    assert "Change its settings and events" in (await asked.see("review")).text
    pixel = next(
        access_request for access_request in await house.access_requests(asked.corner) if access_request.kind == "pixel"
    )
    await asked.send("review/answer", group=pixel.id, answer="no")
    page = (await asked.see("review")).text
    assert "Change its settings and events" not in page
    assert "Share it after all" in page
    await asked.send("review/answer", group=pixel.id, answer="yes")
    assert "Change its settings and events" in (await asked.see("review")).text
    await asked.agree()
    await house.work()
    assert await house.statuses(asked.corner) == [VERIFIED, VERIFIED]


async def test_what_was_agreed_to_before_is_not_in_the_next_consent(asked: Walk, house: House) -> None:
    await asked.send("assets", ad_account=[LUNE_EU])
    await asked.answer("about")
    await asked.agree()
    await house.ask_for(asked.corner, "catalog", "AD_PROMOTE", asset_id=seed.CATALOG_LUNE)
    page = (await asked.see("review")).text
    assert "Show the products of the catalog in ads" in page
    assert "set budgets inside your campaigns" not in page


async def test_a_no_by_an_empty_field_is_taken_back_by_choosing(asked: Walk, house: House) -> None:
    await asked.send("assets", ad_account=[LUNE_EU])
    await asked.answer("about")
    pixel = next(
        access_request for access_request in await house.access_requests(asked.corner) if access_request.kind == "pixel"
    )
    assert "Share it after all" in (await asked.see("review")).text
    assert asked.goes_to(await asked.send("review/answer", group=pixel.id, answer="yes")) == "assets"
    assert asked.goes_to(await asked.send("assets", ad_account=[LUNE_EU], pixel=[PIXEL_LUNE_CODE])) == "review"
    assert ("pixel", PIXEL_LUNE_CODE, LUNE_EU, "waiting") in await _kinds(asked, house)


@pytest.mark.parametrize("lane", ["connected", "guided"])
@pytest.mark.parametrize("kind", ["pixel", "catalog"])
async def test_what_is_needed_is_not_declined_by_an_empty_field(walk: Walk, house: House, kind: str, lane: str) -> None:
    await house.connect_agency(walk.corner)
    await house.ask_for(walk.corner, kind, "LINK" if kind == "pixel" else "AD_PROMOTE")
    await walk.start()
    if lane == "connected":
        await trip(walk, house)
    else:
        await walk.send("lane", lane="guided")
    await walk.send("account", account_id=MAISON_LUNE)
    page = await walk.sent_back("assets", ad_account=[LUNE_EU])
    assert f"needs a {kind} to start" in page
    assert "leave them all empty" not in (page if kind == "pixel" else "")
    assert (kind, None, None, "waiting") in await _kinds(walk, house)
    assert walk.goes_to(await walk.see("")) == "assets"
    assert walk.goes_to(await walk.see("review")) == "assets"


def _ticked(page: str) -> list[str]:
    """The values of the ticked boxes."""
    return re.findall(r'value="([^"]+)"\s+checked', page)


async def test_no_pixel_is_ticked_where_the_link_asks_for_none(walk: Walk, house: House) -> None:
    await walk.start()
    await trip(walk, house)
    await walk.send("account", account_id=MAISON_LUNE)
    page = (await walk.see("assets")).text
    assert "<textarea" not in page
    assert f'value="{PIXEL_LUNE_CODE}"' in page
    assert PIXEL_LUNE_CODE not in _ticked(page)
    assert "This is optional" in page
    await walk.send("assets", ad_account=[LUNE_EU])
    await walk.answer("about")
    assert PIXEL_LUNE_CODE not in (await walk.see("review")).text
    await walk.send("assets", ad_account=[LUNE_EU], pixel=[PIXEL_LUNE_CODE])
    assert _ticked((await walk.see("assets")).text) == [LUNE_EU, PIXEL_LUNE_CODE], "as chosen before"
    assert PIXEL_LUNE_CODE in (await walk.see("review")).text


@pytest.mark.parametrize("required", [True, False])
async def test_the_only_pixel_is_ticked_if_the_link_asks_for_one(walk: Walk, house: House, *, required: bool) -> None:
    await house.ask_for(walk.corner, "pixel", "LINK", required=required)
    await walk.start()
    await trip(walk, house)
    async with house.tools.sessions.begin() as session:
        of_client = select(Connection).where(Connection.agency_id == walk.corner.agency_id)
        connection = (await session.scalars(of_client)).one()
        connection.found = {
            **connection.found,
            "assets": [each for each in connection.found["assets"] if each["asset_id"] != PIXEL_LUNE_APP_CODE],
        }
    await walk.send("account", account_id=MAISON_LUNE)
    assert PIXEL_LUNE_CODE in _ticked((await walk.see("assets")).text)


async def test_a_pixel_that_tiktok_lists_is_not_missing_where_none_is_asked_for(walk: Walk, house: House) -> None:
    await walk.start()
    await trip(walk, house)
    await walk.send("account", account_id=MAISON_LUNE)
    await walk.send("assets", ad_account=[LUNE_EU])
    await walk.answer("about")
    assert "None yet" not in (await walk.see("checklist")).text
    await walk.send("assets", ad_account=[LUNE_EU], pixel=[PIXEL_LUNE_CODE])
    assert "None yet" not in (await walk.see("checklist")).text
    async with house.tools.sessions() as session:
        aggregate = await links.load_link(session, walk.corner.agency_id, walk.corner.link_id)
    assert aggregate.on("tiktok").pixel_codes == [PIXEL_LUNE_CODE]


async def test_without_a_pixel_the_rest_is_completed(asked: Walk, house: House) -> None:
    await asked.send("assets", ad_account=[LUNE_EU])
    await asked.answer("about")
    await asked.agree()
    await house.work()
    assert await house.statuses(asked.corner) == [VERIFIED, ("declined", None)]
    assert "link.completed" in await house.events(asked.corner)


async def test_by_hand_codes_are_typed_and_the_steps_name_them(walk: Walk, house: House) -> None:
    await house.ask_for(walk.corner, "pixel", "LINK")
    await walk.start()
    await walk.send("lane", lane="guided")
    await walk.send("account", account_id=MAISON_LUNE)
    assert "is not a pixel ID" in await walk.sent_back("assets", ad_account=LUNE_EU, pixel="not-a-code")
    await walk.send("assets", ad_account=LUNE_EU, pixel=PIXEL_LUNE_CODE.lower())
    await walk.answer("about")
    await walk.agree()
    page = (await walk.see("tiktok/steps?every=true")).text
    assert "Choose the ad accounts" in page
    assert PIXEL_LUNE_CODE in page.partition("tick the pixels listed below")[2].partition("Press Share assets")[0]
    assert page.count("Open the list of partners") == 1, "each step once"


async def test_a_role_that_is_too_high_is_lowered_with_one_tap(walk: Walk, house: House) -> None:
    await house.connect_agency(walk.corner)
    await house.tiktok.share_by_hand(MAISON_LUNE, LUNE_EU, role="ADMIN")
    await walk.start()
    await trip(walk, house)
    await walk.send("account", account_id=MAISON_LUNE)
    await walk.send("assets", ad_account=[LUNE_EU])
    await walk.answer("about")
    await walk.agree()
    await house.work(2)
    page = (await walk.see("progress")).text
    assert "with a short gap" in page
    (access_request,) = await house.access_requests(walk.corner)
    await walk.send("reduction", access_request=access_request.id)
    await house.work()
    assert await house.statuses(walk.corner) == [VERIFIED]


async def test_what_the_agency_no_longer_needs_is_taken_back_with_one_tap(asked: Walk, house: House) -> None:
    await asked.send("assets", ad_account=[LUNE_EU])
    await asked.answer("about")
    await asked.agree()
    await house.work()
    async with house.tools.sessions.begin() as session:
        (grant,) = await grants.page(session, asked.corner.agency_id, limit=9)
        await grants.revoke_grant(session, grant.agency_id, grant.id, actor=TESTS)
    await house.work(2)
    assert "no longer needs" in (await asked.see("receipt")).text
    assert "Take it back" in (await asked.see("progress")).text
    await trip(asked, house)
    await house.work()
    assert (await house.tiktok.world())["shares"] == [] or seed.LUNE_EU not in str(
        [each for each in (await house.tiktok.world())["shares"] if each["bc_id"] == MAISON_LUNE]
    )
    assert ("ended", None) in await house.statuses(asked.corner)
