"""Pixels: ad accounts first, one link for each, proved by both sides, and what may be in the way."""

import pytest

from simulator import seed
from simulator.seed import LUNE_EU, LUNE_UK, PIXEL_LUNE, PIXEL_LUNE_APP, PIXEL_LUNE_APP_CODE
from tests.house import House

VERIFIED = ("verified", None)
CODE = PIXEL_LUNE_APP_CODE  # linked to no ad account in the seeded world


@pytest.fixture
async def asking(house: House) -> House:
    """An agency that can look, and a link that asks for a pixel beside ad accounts."""
    await house.connect_agency(house.world.north)
    await house.ask_for(house.world.north, "pixel", "LINK")
    return house


async def _agree(house: House, *accounts: str, **more: object) -> None:
    await house.connect_client(house.world.north)
    await house.agree(house.world.north, *accounts, **more)  # type: ignore[arg-type]


async def test_the_ad_account_first_then_the_pixel_then_both_read_back(asking: House) -> None:
    north = asking.world.north
    await _agree(asking, LUNE_EU, pixels=[(CODE, LUNE_EU)])
    await asking.work(1)
    assert await asking.statuses(north) == [("approved", None), ("approved", None)]
    assert await asking.tiktok.pixel_links(PIXEL_LUNE_APP) == []
    await asking.work(4)
    assert await asking.statuses(north) == [VERIFIED, VERIFIED]
    assert [access_request.seen_by for access_request in await asking.access_requests(north)] == ["agency", "agency"]
    assert await asking.tiktok.pixel_links(PIXEL_LUNE_APP) == [LUNE_EU]
    asked = [each.request for each in await asking.platform_calls(north, "share")]
    assert [(each["kind"], each["asset_ids"], each.get("parent_asset_ids")) for each in asked] == [
        ("ad_account", [LUNE_EU], None),
        ("pixel", [CODE], [LUNE_EU]),
    ]


async def test_a_pixel_that_is_linked_already_is_not_linked_again(asking: House) -> None:
    await _agree(asking, LUNE_EU, pixels=[(seed.PIXEL_LUNE_CODE, LUNE_EU)])
    await asking.work()
    assert await asking.statuses(asking.world.north) == [VERIFIED, VERIFIED]
    assert "bc/pixel/link/update/" not in (await asking.tiktok.calls())["by_path"]


async def test_a_lost_answer_is_looked_at_before_anything_is_repeated(asking: House) -> None:
    await asking.tiktok.fault("bc/pixel/link/update/", lost=True)
    await _agree(asking, LUNE_EU, pixels=[(CODE, LUNE_EU)])
    await asking.work()
    assert await asking.statuses(asking.world.north) == [VERIFIED, VERIFIED]
    assert (await asking.tiktok.calls())["by_path"]["bc/pixel/link/update/"] == 1


async def test_linked_but_not_for_the_agencys_token_until_it_authorizes_again(asking: House) -> None:
    north = asking.world.north
    await asking.tiktok.switch(reauthorize=True)
    await asking.connect_agency(north, ticked=())
    await _agree(asking, LUNE_EU, pixels=[(CODE, LUNE_EU)])
    await asking.work()
    assert await asking.statuses(north) == [VERIFIED, ("blocked", "agency_must_reauthorize")]
    (_, pixel) = await asking.access_requests(north)
    assert (pixel.next_actor, pixel.role_seen, pixel.seen_by) == ("agency", "LINK", "client")
    await asking.connect_agency(north)
    await asking.work()
    assert await asking.statuses(north) == [VERIFIED, VERIFIED]


async def test_where_the_links_may_not_be_read_the_ad_account_is_asked(asking: House) -> None:
    await asking.tiktok.switch(pixel_links_denied=True)
    await _agree(asking, LUNE_EU, pixels=[(CODE, LUNE_EU)])
    await asking.work()
    assert await asking.statuses(asking.world.north) == [VERIFIED, VERIFIED]
    assert (await asking.tiktok.calls())["by_path"]["bc/pixel/link/update/"] == 1


async def test_a_pixel_that_receives_nothing_is_told_where_it_matters(house: House) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.ask_for(north, "pixel", "LINK", needs_events=True)
    await house.tiktok.pixel_events(PIXEL_LUNE)
    await _agree(house, LUNE_EU, pixels=[(seed.PIXEL_LUNE_CODE, LUNE_EU)])
    await house.work()
    assert await house.statuses(north) == [VERIFIED, ("blocked", "pixel_silent")]
    await house.tiktok.pixel_events(PIXEL_LUNE, PAGE_VIEW={"browser": 12})
    await house.check_now(north)
    await house.work()
    assert await house.statuses(north) == [VERIFIED, VERIFIED]


async def test_by_hand_the_agency_reads_it_once_it_was_done(asking: House) -> None:
    north = asking.world.north
    await asking.agree(north, LUNE_EU, pixels=[(CODE, LUNE_EU)], lane="guided")
    await asking.work(1)
    assert await asking.statuses(north) == [("awaiting_client", None), ("awaiting_client", None)]
    await asking.tiktok.share_by_hand(seed.MAISON_LUNE, LUNE_EU)
    await asking.check_now(north)
    await asking.work(2)
    assert await asking.statuses(north) == [VERIFIED, ("blocked", "pixel_not_linked")]
    await asking.tiktok.link_pixel_by_hand(PIXEL_LUNE_APP, LUNE_EU)
    await asking.check_now(north)
    await asking.work(2)
    assert await asking.statuses(north) == [VERIFIED, VERIFIED]


async def test_taken_from_the_ad_account_behind_our_back_it_has_drifted(asking: House) -> None:
    north = asking.world.north
    await _agree(asking, LUNE_EU, pixels=[(CODE, LUNE_EU)])
    await asking.work()
    await asking.tiktok.unlink_pixel_by_hand(PIXEL_LUNE_APP, LUNE_EU)
    await asking.work(1)
    assert await asking.statuses(north) == [VERIFIED, ("drifted", "pixel_not_linked")]
    assert "grant.drifted" in await asking.events(north)


async def test_one_pixel_on_two_ad_accounts_takes_one_call(asking: House) -> None:
    await _agree(asking, LUNE_EU, LUNE_UK, pixels=[(CODE, LUNE_EU), (CODE, LUNE_UK)])
    await asking.work()
    assert await asking.statuses(asking.world.north) == [VERIFIED] * 4
    assert (await asking.tiktok.calls())["by_path"]["bc/pixel/link/update/"] == 1


async def test_a_pixel_agreed_to_survives_another_choice_of_ad_accounts(asking: House) -> None:
    """Changing ad accounts lets go of the pixels that were to be used in them, and of nothing agreed to."""
    north = asking.world.north
    await _agree(asking, LUNE_EU, pixels=[(CODE, LUNE_EU)])
    await asking.agree(north, LUNE_UK, LUNE_EU)
    assert {
        (access_request.kind, access_request.asset_id) for access_request in await asking.access_requests(north)
    } >= {
        ("pixel", CODE),
        ("ad_account", LUNE_UK),
    }
