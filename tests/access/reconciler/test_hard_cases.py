"""Worlds in which a simpler loop would be wrong: each once was."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.access.call_recorder import PlatformCall
from app.access.connections.models import Connection
from app.access.connections.oauth_flow import ExchangeOutcome
from app.access.connections.token_exchange import LONGEST_HOLD
from app.access.grants import service as grants
from app.access.handshakes import Handshake
from app.access.requests import link_lifecycle
from app.access.requests import service as access_requests
from app.client_portal import service as portal
from app.events import queries as events
from app.events import rendering
from app.tenants.agencies import service as agencies
from simulator import seed
from tests.house import House, change_link
from tests.world import PUBLIC_URL, TESTS

VERIFIED = ("verified", None)


async def _ready(house: House, *asset_ids: str) -> None:
    await house.connect_agency(house.world.north)
    await house.connect_client(house.world.north)
    await house.agree(house.world.north, *asset_ids)


async def _connections(house: House) -> list[Connection]:
    rows = select(Connection).where(Connection.agency_id == house.world.north.agency_id).order_by(Connection.id)
    async with house.tools.sessions() as session:
        return list((await session.scalars(rows)).all())


async def _end(house: House) -> None:
    north = house.world.north
    async with house.tools.sessions.begin() as session:
        await link_lifecycle.end_link(session, north.agency_id, north.link_id, actor=TESTS)


async def test_one_failed_read_of_the_agency_does_not_make_the_clients_word_green(house: House) -> None:
    await house.tiktok.switch(partner_approval=True)
    await _ready(house, seed.LUNE_EU)
    await house.work(2)
    assert await house.statuses(house.world.north) == [("awaiting_partner", None)]
    # the agency's side is read first in each round
    await house.tiktok.fault("bc/partner/asset/get/", code=50000)
    await house.work(1)
    assert await house.statuses(house.world.north) == [("awaiting_partner", None)]
    await house.tiktok.approve(seed.MAISON_LUNE)
    await house.work(2)
    assert await house.statuses(house.world.north) == [VERIFIED]
    assert "grant.drifted" not in await house.events(house.world.north)


async def test_what_only_the_client_sees_waits_for_the_agency_and_is_not_green(house: House) -> None:
    north = house.world.north
    await house.tiktok.switch(partner_approval=True)
    await house.connect_client(north)
    await house.agree(north, seed.LUNE_EU)
    await house.work(4)
    assert await house.statuses(north) == [("unverifiable", None)]
    await house.connect_agency(north)
    await house.work(1)
    assert await house.statuses(north) == [("awaiting_partner", None)]
    await house.tiktok.approve(seed.MAISON_LUNE)
    await house.work(2)
    assert [
        (access_request.status, access_request.seen_by) for access_request in await house.access_requests(north)
    ] == [("verified", "agency")]


async def test_a_token_is_given_back_when_the_look_after_it_is_refused(house: House) -> None:
    await house.tiktok.fault("bc/get/", code=40001)
    assert await house.connect_client(house.world.north) is ExchangeOutcome.APP_PROBLEM
    assert (await house.tiktok.calls())["by_path"]["oauth2/revoke_token/"] == 1


async def test_a_token_is_given_back_by_the_app_it_was_given_to(house: House) -> None:
    north = house.world.north
    await _ready(house, seed.LUNE_EU)
    async with house.tools.sessions.begin() as session:
        await agencies.set_platform_app(
            session, north.agency_id, platform="tiktok", app_id=seed.LEVEL_ONE_APP, secret=seed.LEVEL_ONE_APP_SECRET,
            keyring=house.tools.keyring, actor=TESTS,
        )  # fmt: skip
    await house.work()
    assert [each.status for each in await _connections(house) if each.side == "client"] == ["revoked"]
    assert "connection.revocation_failed" not in await house.events(north)


async def test_a_token_that_cannot_be_revoked_yet_is_reported_once_with_the_ids_of_its_client(house: House) -> None:
    north = house.world.north
    await house.connect_client(north)
    await _end(house)
    await house.tiktok.fault("oauth2/revoke_token/", code=50000)
    await house.work(1)
    async with house.tools.sessions() as session:
        newest = await events.newest(session, north.agency_id, limit=1)
    body = rendering.body(newest[0], public_url=PUBLIC_URL)
    [connection] = await _connections(house)
    assert body["type"] == "connection.revocation_failed"
    assert body["data"] == {
        "agency_id": north.agency_id, "link_id": north.link_id, "client_id": north.client_id, "external_id": "crm-1",
        "platform": "tiktok", "connection_id": connection.id, "next_actor": "us",
    }  # fmt: skip


async def test_a_token_whose_time_is_over_is_not_used_while_the_platform_refuses_its_revocation(house: House) -> None:
    north = house.world.north
    await _ready(house, seed.LUNE_EU)
    await house.later(LONGEST_HOLD + timedelta(minutes=1))
    await house.tiktok.fault("oauth2/revoke_token/", code=50000, times=99)
    before = (await house.tiktok.calls())["by_path"]
    await house.work(3)
    since = Counter((await house.tiktok.calls())["by_path"]) - Counter(before)
    assert since["oauth2/revoke_token/"] >= 1
    assert since["bc/partner/add/"] == 0
    with_it = select(PlatformCall.purpose).join(
        Connection, (PlatformCall.agency_id == Connection.agency_id) & (PlatformCall.connection_id == Connection.id)
    )
    after = PlatformCall.started_at > func.now() - LONGEST_HOLD
    async with house.tools.sessions() as session:
        purposes = await session.scalars(
            with_it.where(Connection.agency_id == north.agency_id, Connection.side == "client", after)
        )
        assert set(purposes) == {"revoke_token"}
    assert (await house.access_requests(north))[0].next_actor == "client"


async def test_a_link_that_ended_unused_keeps_nobodys_token_and_its_access_requests_have_ended(house: House) -> None:
    north = house.world.north
    await house.connect_client(north)
    await _end(house)
    assert await house.statuses(north) == [("ended", None)]
    await house.work(1)
    assert [each.status for each in await _connections(house)] == ["revoked"]


async def test_a_share_on_its_way_is_found_although_the_link_ended_meanwhile(house: House) -> None:
    north = house.world.north
    await house.tiktok.switch(read_lag=1)
    await _ready(house, seed.LUNE_EU)
    await house.work(1)
    assert (await house.tiktok.calls())["by_path"]["bc/partner/add/"] == 1
    await _end(house)
    await house.tiktok.switch(read_lag=0)
    await house.work(2)
    assert await house.statuses(north) == [VERIFIED]
    async with house.tools.sessions() as session:
        assert len(await grants.page(session, north.agency_id, limit=9)) == 1
    assert (await house.tiktok.calls())["by_path"]["bc/partner/add/"] == 1


async def test_what_may_be_shared_already_is_not_let_out_of_sight(house: House) -> None:
    north = house.world.north
    await house.tiktok.switch(read_lag=1)
    await _ready(house, seed.LUNE_EU)
    await house.work(1)
    async with change_link(house.tools.sessions, north) as (_, link):
        link.choose_lane("tiktok", "guided")
    await house.work(1)
    async with change_link(house.tools.sessions, north) as (session, link):
        await portal.withdraw_consent(session, link)
    (access_request,) = await house.access_requests(north)
    assert (access_request.asset_id, access_request.approved_at is not None) == (seed.LUNE_EU, True)


async def test_a_members_word_ends_with_a_read_that_says_otherwise(house: House) -> None:
    north = house.world.north
    await house.agree(north, seed.LUNE_EU, lane="guided")
    await house.work(1)
    (access_request,) = await house.access_requests(north)
    async with house.tools.sessions.begin() as session:
        await access_requests.attest(session, access_request.agency_id, access_request.id, by="Nora North", actor=TESTS)
    await house.connect_agency(north)
    await house.work(1)
    (access_request,) = await house.access_requests(north)
    assert (access_request.status, access_request.attested_at, access_request.attested_by) == (
        "awaiting_client",
        None,
        None,
    )
    await house.tiktok.fault("bc/partner/asset/get/", code=50000)
    await house.work(1)
    assert await house.statuses(north) == [("awaiting_client", None)]


async def test_a_new_yes_is_asked_for_anew_at_tiktok(house: House) -> None:
    north = house.world.north
    await _ready(house, seed.LUNE_EU)
    await house.tiktok.fault("bc/partner/add/", code=40001)
    await house.work(2)
    assert await house.statuses(north) == [("blocked", "not_bc_admin")]
    async with change_link(house.tools.sessions, north) as (session, link):
        await portal.withdraw_consent(session, link)
    await house.connect_client(north)
    await house.agree(north, seed.LUNE_EU)
    await house.work(3)
    assert await house.statuses(north) == [VERIFIED]


@pytest.mark.parametrize("code", [60001, 40202])
async def test_a_write_that_tiktok_puts_off_is_paused(house: House, code: int) -> None:
    await _ready(house, seed.LUNE_EU)
    await house.tiktok.fault("bc/partner/add/", code=code)
    await house.work(1)
    rows = select(Handshake).where(Handshake.agency_id == house.world.north.agency_id)
    async with house.tools.sessions() as session:
        (handshake,) = (await session.scalars(rows)).all()
    assert handshake.due_at is not None
    assert handshake.setbacks == 1
    (share,) = await house.platform_calls(house.world.north, "share")
    least = timedelta(seconds=300 if code == 60001 else 1)
    assert handshake.due_at - share.started_at >= least


async def test_a_token_given_back_is_told_once_whoever_access_requests_again(house: House) -> None:
    north = house.world.north
    await _ready(house, seed.LUNE_EU)
    await house.work(4)
    for _ in range(2):
        async with house.tools.sessions.begin() as session:
            for connection in (await session.scalars(_clients_connections(house))).all():
                connection.due_at = connection.created_at
        await house.work(1)
    assert (await house.events(north)).count("connection.revoked") == 1
    assert (await house.tiktok.calls())["by_path"]["oauth2/revoke_token/"] == 1


def _clients_connections(house: House):  # type: ignore[no-untyped-def]  # a select, whose type is long
    north = house.world.north
    return select(Connection).where(Connection.agency_id == north.agency_id, Connection.side == "client")


async def test_one_bad_account_does_not_block_those_that_went_with_it(house: House) -> None:
    await _ready(house, seed.LUNE_EU, seed.LUNE_UK)
    await house.tiktok.fault("bc/partner/add/", code=40300)  # to both together
    await house.tiktok.fault("bc/partner/add/", code=40300)  # to the first of them alone
    await house.work(5)
    assert sorted(await house.statuses(house.world.north)) == [("blocked", "asset_not_found"), VERIFIED]


async def test_two_people_for_two_business_centers_do_not_take_each_others_place(house: House) -> None:
    north = house.world.north
    await _ready(house, seed.LUNE_EU)
    other = await house.another_link(north)
    await house.connect_client(other, seed.BIG_BEA)
    await house.agree(other, seed.BIG_ACCOUNTS[0], account_id=seed.BIG_RETAIL)
    await house.work(4)
    assert await house.statuses(north) == [VERIFIED]
    assert await house.statuses(other) == [VERIFIED]
