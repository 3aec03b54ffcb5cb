"""Roles lowered and grants taken away: read back, told, and nothing of anybody else's touched."""

import asyncio

import pytest

from app.access.grants import service as grants
from app.access.grants.models import Grant
from app.access.grants.service import PixelWasLinkedBefore
from app.access.requests import service as access_requests
from simulator import seed
from simulator.seed import LUNE_EU, LUNE_UK, MAISON_LUNE, NORTH_AGENCY, SOUTH_AGENCY
from tests.house import House, change_link
from tests.world import TESTS, Corner

VERIFIED = ("verified", None)


async def _shared(house: House, *accounts: str, **more: object) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, *accounts, **more)  # type: ignore[arg-type]
    await house.work()


async def _grants(house: House) -> list[Grant]:
    async with house.tools.sessions() as session:
        return list(await grants.page(session, house.world.north.agency_id, limit=50))


async def _revoke(house: House, grant: Grant) -> None:
    async with house.tools.sessions.begin() as session:
        await grants.revoke_grant(session, grant.agency_id, grant.id, actor=TESTS)


async def _reduce(house: House, corner: Corner) -> None:
    (access_request, *_) = await house.access_requests(corner)
    async with change_link(house.tools.sessions, corner) as (session, link):
        await access_requests.lower_role(session, link, access_request.id)


async def _holds(house: House, account_id: str) -> dict[str, str]:
    world = await house.tiktok.world()
    return {
        share["asset_id"]: share["role"]
        for share in world["shares"]
        if (share["bc_id"], share["partner_id"]) == (MAISON_LUNE, account_id)
    }


async def test_a_grant_is_taken_away_by_the_clients_connection_and_read_back(house: House) -> None:
    north = house.world.north
    await _shared(house, LUNE_EU, LUNE_UK)
    await house.connect_client(north)  # the first token was given back when all was verified
    grant = next(each for each in await _grants(house) if each.asset_id == LUNE_EU)
    await _revoke(house, grant)
    await house.work()
    assert await _holds(house, NORTH_AGENCY) == {LUNE_UK: "OPERATOR"}
    assert {each.asset_id: each.status for each in await _grants(house)} == {LUNE_EU: "ended", LUNE_UK: "live"}
    assert sorted(await house.statuses(north)) == [("ended", None), VERIFIED]
    assert (await house.events(north)).count("grant.revoked") == 1
    assert "grant.drifted" not in await house.events(north)
    (taken,) = await house.platform_calls(north, "unshare")
    assert (taken.outcome, taken.side, taken.request["asset_ids"]) == ("ok", "client", [LUNE_EU])


async def test_without_the_clients_connection_it_waits_for_the_client_and_ends_when_seen_gone(house: House) -> None:
    north = house.world.north
    await _shared(house, LUNE_EU)
    (grant,) = await _grants(house)
    await _revoke(house, grant)
    await house.work(2)
    (access_request,) = await house.access_requests(north)
    assert (access_request.next_actor, (await _grants(house))[0].status) == ("client", "revoking")
    await house.tiktok.unshare_by_hand(MAISON_LUNE, LUNE_EU)
    await house.work(1)
    assert ((await _grants(house))[0].status, await house.statuses(north)) == ("ended", [("ended", None)])


async def test_a_lost_answer_to_a_removal_is_looked_at_first(house: House) -> None:
    await _shared(house, LUNE_EU)
    await house.connect_client(house.world.north)
    await house.tiktok.fault("bc/partner/asset/delete/", lost=True)
    (grant,) = await _grants(house)
    await _revoke(house, grant)
    await house.work()
    assert (await _grants(house))[0].status == "ended"
    assert (await house.tiktok.calls())["by_path"]["bc/partner/asset/delete/"] == 1


async def test_asking_twice_changes_nothing(house: House) -> None:
    await _shared(house, LUNE_EU)
    (grant,) = await _grants(house)
    await _revoke(house, grant)
    await _revoke(house, grant)
    assert (await house.events(house.world.north)).count("grant.revocation_requested") == 1


async def test_another_agency_keeps_what_it_holds(house: House) -> None:
    north = house.world.north
    await house.tiktok.share_by_hand(MAISON_LUNE, LUNE_EU, partner=SOUTH_AGENCY, role="ADMIN")
    await house.tiktok.share_by_hand(MAISON_LUNE, LUNE_EU, role="ADMIN")
    await _shared(house, LUNE_EU)
    assert await house.statuses(north) == [("blocked", "role_higher_than_requested")]
    await _reduce(house, north)
    await house.work()
    assert await house.statuses(north) == [VERIFIED]
    assert await _holds(house, NORTH_AGENCY) == {LUNE_EU: "OPERATOR"}
    await house.connect_client(north)
    (grant,) = await _grants(house)
    await _revoke(house, grant)
    await house.work()
    assert await _holds(house, NORTH_AGENCY) == {}
    assert await _holds(house, SOUTH_AGENCY) == {LUNE_EU: "ADMIN"}
    assert "bc/partner/delete/" not in (await house.tiktok.calls())["by_path"]


async def test_a_role_is_lowered_by_removing_and_sharing_anew(house: House) -> None:
    north = house.world.north
    await house.tiktok.share_by_hand(MAISON_LUNE, LUNE_EU, role="ADMIN")
    await _shared(house, LUNE_EU)
    await _reduce(house, north)
    await house.work()
    (access_request,) = await house.access_requests(north)
    assert (access_request.status, access_request.role_seen, access_request.reduce_at) == ("verified", "OPERATOR", None)
    paths = [each.request["kind"] for each in await house.platform_calls(north, "unshare")]
    assert paths == ["ad_account"]


async def test_lowering_while_reads_lag_removes_once_and_shares_once(house: House) -> None:
    north = house.world.north
    await house.tiktok.share_by_hand(MAISON_LUNE, LUNE_EU, role="ADMIN")
    await asyncio.sleep(0.3)  # the lag would hide this share, too
    await _shared(house, LUNE_EU)
    await house.tiktok.switch(read_lag=0.3)
    await _reduce(house, north)
    for _ in range(40):
        await house.work(1)
        await asyncio.sleep(0.05)
        if await house.statuses(north) == [VERIFIED]:
            break
    calls = (await house.tiktok.calls())["by_path"]
    assert (await house.statuses(north), calls["bc/partner/asset/delete/"], calls["bc/partner/add/"]) == (
        [VERIFIED],
        1,
        1,
    )


async def test_a_pixel_we_linked_goes_with_its_ad_account_and_one_that_was_linked_before_stays(house: House) -> None:
    north = house.world.north
    await house.ask_for(north, "pixel", "LINK")
    both = [(seed.PIXEL_LUNE_APP_CODE, LUNE_EU), (seed.PIXEL_LUNE_CODE, LUNE_EU)]
    await _shared(house, LUNE_EU, pixels=both)
    assert await house.statuses(north) == [VERIFIED] * 3
    before = next(each for each in await _grants(house) if each.asset_id == seed.PIXEL_LUNE_CODE)
    with pytest.raises(PixelWasLinkedBefore):
        await _revoke(house, before)
    await house.connect_client(north)
    await _revoke(house, next(each for each in await _grants(house) if each.kind == "ad_account"))
    await house.work(10)
    assert {each.status for each in await _grants(house)} == {"ended"}
    assert await house.tiktok.pixel_links(seed.PIXEL_LUNE_APP) == []
    assert LUNE_EU in await house.tiktok.pixel_links(seed.PIXEL_LUNE)
    assert await _holds(house, NORTH_AGENCY) == {}


async def test_the_clients_token_is_kept_until_what_goes_is_gone(house: House) -> None:
    north = house.world.north
    await _shared(house, LUNE_EU)
    await house.connect_client(north)
    await house.tiktok.fault("bc/partner/asset/delete/", code=40100, times=1)
    (grant,) = await _grants(house)
    await _revoke(house, grant)
    await house.work(1)
    assert (await _grants(house))[0].status == "revoking"
    assert "connection.revoked" not in (await house.events(north))[-2:]
    await house.work()
    await house.work(1)
    assert (await _grants(house))[0].status == "ended"


async def test_a_wider_role_that_the_client_agreed_to_on_another_link_is_no_drift(house: House) -> None:
    north = house.world.north
    await _shared(house, LUNE_EU)
    again = await house.another_link(north)
    (access_request,) = await house.access_requests(again)
    async with house.tools.sessions.begin() as session:
        session.add(access_request)
        access_request.role = "ADMIN"
    await house.connect_client(again)
    await house.agree(again, LUNE_EU)
    await house.work()
    assert await house.statuses(north) == await house.statuses(again) == [VERIFIED]
    assert [access_request.role_seen for access_request in await house.access_requests(north)] == ["ADMIN"]
    assert "grant.drifted" not in await house.events(north)
