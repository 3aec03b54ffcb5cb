"""Access watch: what is as agreed is looked at again by the agency's token, and what changed is told with its trace."""

from datetime import timedelta

from sqlalchemy import select, update

from app.access.connections.models import Connection
from app.access.handshakes import Handshake
from app.access.reconciler.job import reconcile
from app.access.reconciler.partner_access import PartnerAccessStrategy
from app.kit import clock, jobs
from simulator import seed
from simulator.seed import LUNE_EU, MAISON_LUNE
from tests.house import House

VERIFIED = ("verified", None)


async def _verified(house: House) -> None:
    north = house.world.north
    await house.share(north, LUNE_EU)
    assert await house.statuses(north) == [VERIFIED]


async def _handshake(house: House) -> Handshake:
    rows = select(Handshake).where(Handshake.agency_id == house.world.north.agency_id)
    async with house.tools.sessions() as session:
        return (await session.scalars(rows)).one()


async def _a_day_later(house: House) -> None:
    """The row is due as the watch would have it, and nothing else wakes it."""
    agency_id = house.world.north.agency_id
    async with house.tools.sessions.begin() as session:
        await session.execute(
            update(Handshake).where(Handshake.agency_id == agency_id).values(due_at=clock.now() - timedelta(seconds=1))
        )
    for row in await jobs.claim(
        house.tools.sessions, Handshake, limit=9, lease=house.tools.lease, where=Handshake.watching.is_(True)
    ):
        await reconcile(PartnerAccessStrategy(house.tools), row)


async def test_what_is_as_agreed_is_looked_at_again_within_about_a_day(house: House) -> None:
    await _verified(house)
    row = await _handshake(house)
    assert row.watching
    assert row.due_at is not None
    assert timedelta(hours=21) < row.due_at - clock.now() < timedelta(hours=27)
    before = (await house.tiktok.calls())["total"]
    await _a_day_later(house)
    assert (await house.tiktok.calls())["total"] == before + 1, "one read by the agency's token, and no more"
    assert (await _handshake(house)).watching


async def test_a_share_removed_behind_our_back_is_found_with_the_business_centers_own_log(house: House) -> None:
    north = house.world.north
    await _verified(house)
    await house.tiktok.unshare_by_hand(MAISON_LUNE, LUNE_EU)
    await _a_day_later(house)
    assert await house.statuses(north) == [("drifted", "asset_not_shared")]
    assert "grant.drifted" in await house.events(north)
    log = [each for each in await house.platform_calls(north, "read") if each.operation == "changelog/get"]
    assert [(each.side, each.outcome) for each in log] == [("agency", "ok")]
    await house.tiktok.share_by_hand(MAISON_LUNE, LUNE_EU)
    await _a_day_later(house)
    assert await house.statuses(north) == [VERIFIED]
    assert (await house.events(north))[-2:] == ["grant.restored", "link.completed"]


async def test_another_role_is_found(house: House) -> None:
    await _verified(house)
    await house.tiktok.change_role_by_hand(MAISON_LUNE, LUNE_EU, role="ADMIN")
    await _a_day_later(house)
    assert await house.statuses(house.world.north) == [("drifted", "role_higher_than_requested")]


async def test_a_dead_token_of_the_agency_is_told_and_makes_nothing_red(house: House) -> None:
    north = house.world.north
    await _verified(house)
    await house.tiktok.withdraw(seed.NORA_NORTH)
    await _a_day_later(house)
    assert await house.statuses(north) == [VERIFIED]
    assert "connection.token_invalid" in await house.events(north)
    row = await _handshake(house)
    assert not row.watching, "nobody can look until the agency connects again"
    assert row.due_at is not None, "and what was proved is not green for ever"
    await house.connect_agency(north)
    await house.work(2)
    assert (await _handshake(house)).watching


async def test_without_a_connection_of_the_agency_there_is_no_watch(house: House) -> None:
    north = house.world.north
    await house.connect_client(north)
    await house.agree(north, LUNE_EU)
    await house.work()
    assert await house.statuses(north) == [("unverifiable", None)]
    assert not (await _handshake(house)).watching
    async with house.tools.sessions() as session:
        rows = select(Connection.status).where(Connection.agency_id == north.agency_id)
        assert set(await session.scalars(rows)) == {"live"}, "the client's token is kept while nothing is proved"
