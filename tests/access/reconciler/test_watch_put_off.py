"""The watch over access that is as agreed: a look that could not be made is made soon, not a day later."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, select

from app.access.handshakes import Handshake
from simulator.seed import LUNE_EU, MAISON_LUNE
from tests.house import House


async def _rests_for(house: House) -> tuple[bool, timedelta]:
    rows = select(Handshake, func.now()).where(Handshake.agency_id == house.world.north.agency_id)
    async with house.tools.sessions() as session:
        row, now = (await session.execute(rows)).one()
    assert row.due_at is not None
    return row.watching, row.due_at - now


async def test_a_watch_for_which_the_platform_had_no_room_looks_again_soon(house: House) -> None:
    house = replace(house, tools=replace(house.tools, watch=timedelta(hours=24)))
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, LUNE_EU)
    await house.work()
    watching, left = await _rests_for(house)
    assert (watching, left > timedelta(hours=20)) == (True, True)
    await house.tiktok.unshare_by_hand(MAISON_LUNE, LUNE_EU)
    await house.tiktok.fault("bc/partner/asset/get/", code=50000)
    await house.work(1)
    assert await house.statuses(north) == [("verified", None)]
    watching, left = await _rests_for(house)
    assert (watching, left < timedelta(hours=1, minutes=10)) == (True, True)
    await house.work(1)
    assert await house.statuses(north) == [("drifted", "asset_not_shared")]
