"""Taking a grant away, whatever became of the access request it answers."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select

from app.access.grants import service as grants
from app.access.grants.models import Grant
from app.links import access_changes
from app.links import queries as links
from app.links import service as link_service
from app.tenants.clients import service as clients
from simulator.seed import LUNE_EU, MAISON_LUNE, NORTH_AGENCY
from tests.house import House, change_link
from tests.world import TESTS, Corner


async def _grant(house: House) -> Grant:
    async with house.tools.sessions() as session:
        north = house.world.north
        (grant,) = await grants.page(session, north.agency_id, limit=9, client_id=north.client_id)
    return grant


async def _ask_for_more(house: House) -> str:
    north = house.world.north
    (access_request,) = await house.access_requests(north)
    async with house.tools.sessions.begin() as session:
        await access_changes.request_role(
            session, north.agency_id, access_request.id, role="ADMIN", reason="To move the account.",
            platforms=house.tools.platforms, actor=TESTS,
        )  # fmt: skip
    return access_request.id


async def _revoke(house: House) -> None:
    grant = await _grant(house)
    async with house.tools.sessions.begin() as session:
        await grants.revoke_grant(session, grant.agency_id, grant.id, actor=TESTS)


async def _is_held(house: House) -> bool:
    shares = (await house.tiktok.world())["shares"]
    return any((each["bc_id"], each["partner_id"]) == (MAISON_LUNE, NORTH_AGENCY) for each in shares)


@pytest.mark.parametrize("declined", [False, True], ids=["the wider role waits", "the wider role was declined"])
async def test_what_is_shared_can_be_taken_away_although_its_access_request_is_not_agreed_any_more(
    shared: House, declined: bool
) -> None:
    north = shared.world.north
    access_request_id = await _ask_for_more(shared)
    if declined:
        async with change_link(shared.tools.sessions, north) as (_, link):
            access_request = link.find(access_request_id)
            assert access_request is not None
            link.decline(access_request)
    await _revoke(shared)
    await shared.work()
    assert ((await _grant(shared)).status, await _is_held(shared)) == ("ended", False)
    assert await shared.statuses(north) == [("declined" if declined else "ended", None)]


async def _same_company_again(house: House) -> Corner:
    """A second client record of the agency whose client names the same Business Center."""
    north = house.world.north
    async with house.tools.sessions.begin() as session:
        client, _ = await clients.create_client(session, north.agency_id, actor=TESTS, name="Maison Lune (again)")
        made, token = await link_service.create_link(
            session, north.agency_id, client_id=client.id, preset="run-campaigns", keyring=house.tools.keyring,
            actor=TESTS,
        )  # fmt: skip
    again = replace(north, client_id=client.id, link_id=made.link.id, token=token)
    await house.agree(again, LUNE_EU, lane="guided")
    await house.work()
    assert await house.statuses(again) == [("verified", None)]
    return again


async def test_what_another_client_record_has_just_the_same_stays_until_both_let_it_go(shared: House) -> None:
    north, tools = shared.world.north, shared.tools
    again = await _same_company_again(shared)
    await shared.connect_client(north)  # its token was given back: all was verified
    await _revoke(shared)
    await shared.work()
    assert await _is_held(shared)
    assert (await shared.statuses(again), (await _grant(shared)).status) == ([("verified", None)], "revoking")
    (access_request,) = await shared.access_requests(north)
    assert access_request.next_actor == "agency"
    async with tools.sessions.begin() as session:
        theirs = await grants.of_access_request(session, north.agency_id, (await shared.access_requests(again))[0].id)
        assert theirs is not None
        await grants.revoke_grant(session, north.agency_id, theirs.id, actor=TESTS)
    await shared.work()
    assert not await _is_held(shared)
    assert await shared.statuses(north) == await shared.statuses(again) == [("ended", None)]


async def test_a_revocation_waits_for_the_links_before_it_holds_a_grant(shared: House) -> None:
    """Looks lock links, then grants: the other way round each would wait for the other."""
    north, tools = shared.world.north, shared.tools
    grant = await _grant(shared)
    async with tools.sessions.begin() as looking:
        await links.load_link(looking, north.agency_id, north.link_id, lock=True)
        revoking = asyncio.create_task(_revoke(shared))
        await asyncio.sleep(0.3)
        rows = select(Grant.id).where(Grant.agency_id == grant.agency_id, Grant.id == grant.id)
        assert (await looking.scalars(rows.with_for_update(nowait=True))).one() == grant.id
        assert not revoking.done()
    await revoking
    assert (await _grant(shared)).status == "revoking"


async def test_a_read_that_shows_nothing_new_is_no_change(shared: House) -> None:
    """A CRM that follows `updated_since` would else get every grant again, every day."""
    await shared.work(2)
    before = await _grant(shared)
    await shared.work(2)
    after = await _grant(shared)
    assert after.last_seen_at > before.last_seen_at
    assert after.updated_at == before.updated_at
    await shared.tiktok.unshare_by_hand(MAISON_LUNE, LUNE_EU)
    await shared.work(2)
    assert ((drifted := await _grant(shared)).status, drifted.updated_at > after.updated_at) == ("drifted", True)
    await shared.tiktok.share_by_hand(MAISON_LUNE, LUNE_EU)
    await shared.work(2)
    assert ((again := await _grant(shared)).status, again.updated_at > drifted.updated_at) == ("live", True)
