"""What people do while the loop runs: say so, switch lanes, end links, press buttons at the wrong moment."""

import asyncio

import pytest

from app.access.requests import service as access_requests
from app.access.requests.service import ReadPossible
from simulator import seed
from tests.house import House, change_link
from tests.world import TESTS

VERIFIED = ("verified", None)
LUNE = (seed.LUNE_EU, seed.LUNE_UK, seed.LUNE_US)


async def _attest(house: House) -> None:
    (access_request,) = await house.access_requests(house.world.north)
    async with house.tools.sessions.begin() as session:
        await access_requests.attest(session, access_request.agency_id, access_request.id, by="Nora North", actor=TESTS)


async def test_without_any_token_a_members_word_completes_the_link_and_a_later_token_proves_it(house: House) -> None:
    north = house.world.north
    await house.agree(north, seed.LUNE_EU, lane="guided")
    await house.work(2)
    await house.tiktok.share_by_hand(seed.MAISON_LUNE, seed.LUNE_EU)
    await _attest(house)
    assert await house.statuses(north) == [("attested", None)]
    assert (await house.events(north))[-2:] == ["access.attested", "link.completed"]
    await house.connect_agency(north)
    await house.work(1)
    assert await house.statuses(north) == [VERIFIED]
    assert (await house.events(north))[-1] == "access.verified"


async def test_a_members_word_is_not_taken_where_a_token_can_read(house: House) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.agree(north, seed.LUNE_EU, lane="guided")
    await house.work(2)
    with pytest.raises(ReadPossible):
        await _attest(house)


async def test_switching_the_lane_half_way_loses_nothing(house: House) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.agree(north, seed.LUNE_EU, lane="guided")
    await house.work(2)
    assert await house.statuses(north) == [("awaiting_client", None)]
    await house.connect_client(north)
    async with change_link(house.tools.sessions, north) as (_, link):
        link.choose_lane("tiktok", "connected")
    await house.check_now(north)
    await house.work(4)
    assert await house.statuses(north) == [VERIFIED]


async def test_two_workers_at_once_share_once(house: House) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, *LUNE)
    await asyncio.gather(house.work(4), house.work(4))
    await house.work(2)
    assert set(await house.statuses(north)) == {VERIFIED}
    assert (await house.tiktok.calls())["by_path"]["bc/partner/add/"] == 1


async def test_a_link_that_ended_before_the_share_is_not_acted_on(house: House) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, seed.LUNE_EU)
    async with change_link(house.tools.sessions, north) as (_, link):
        link.revoke(actor=TESTS)
    await house.work(2)
    assert await house.statuses(north) == [("ended", None)]
    assert "bc/partner/add/" not in (await house.tiktok.calls())["by_path"]


async def test_pressing_check_now_while_the_worker_writes_never_locks_each_other_out(house: House) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, *LUNE)

    async def impatient() -> None:
        for _ in range(25):
            await house.check_now(north)

    await asyncio.gather(impatient(), impatient(), house.work(12), house.work(12))
    await house.work(2)
    assert set(await house.statuses(north)) == {VERIFIED}
    assert (await house.tiktok.calls())["second_shares"] == 0
