"""Links that end or live again, and what follows on the platform's side."""

from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import func, update

from app.access import handshakes
from app.access.connections import service as connections
from app.access.requests import link_lifecycle
from app.kit import clock, jobs
from app.links.models import Link
from simulator import seed
from tests.house import House

LEASE = timedelta(seconds=30)


async def is_due(house: House) -> tuple[bool, bool]:
    """Whether north's handshake looks at once, and whether its client's token is given back at once."""
    north = house.world.north
    async with house.tools.sessions() as session:
        soon = clock.now() + timedelta(minutes=1)
        (handshake,) = await handshakes.of_client(session, north.agency_id, north.client_id)
        token = await connections.of_client(session, north.agency_id, north.client_id, "tiktok", "")
        assert token is not None
        return bool(handshake.due_at and handshake.due_at < soon), bool(token.due_at and token.due_at < soon)


async def under_way(house: House) -> None:
    """The client has connected and agreed; the share waits for the agency."""
    await house.tiktok.switch(partner_approval=True)
    await house.connect_agency(house.world.north)
    await house.connect_client(house.world.north)
    await house.agree(house.world.north, seed.LUNE_EU)
    await house.work(2)


async def run_out(house: House) -> Link:
    """North's link past its time, claimed as the worker does."""
    north, sessions = house.world.north, house.tools.sessions
    past = func.now() - timedelta(seconds=5)
    async with sessions.begin() as session:
        mine = update(Link).where(Link.agency_id == north.agency_id, Link.id == north.link_id)
        await session.execute(mine.values(expires_at=past, due_at=past))
    (link,) = await jobs.claim(sessions, Link, limit=5, lease=LEASE)
    return link


async def test_ending_a_link_looks_once_more_and_gives_the_token_back(api: httpx2.AsyncClient, house: House) -> None:
    await under_way(house)
    north = house.world.north
    ended = await api.post(f"/links/{north.link_id}/revocation")
    assert (ended.status_code, ended.json()["status"]) == (200, "revoked")
    assert await is_due(house) == (True, True)
    await house.work(2)
    # what TikTok has recorded may still be accepted: it is looked for, though the link has ended
    assert await house.statuses(north) == [("awaiting_partner", None)]
    again = await api.post(f"/links/{north.link_id}/revocation")
    assert again.json()["revoked_at"] == ended.json()["revoked_at"]
    assert (await house.events(north)).count("link.revoked") == 1
    late = (clock.now() + timedelta(days=3)).isoformat()
    extended = await api.post(f"/links/{north.link_id}/extension", json={"expires_at": late})
    assert (extended.status_code, extended.json()["code"]) == (409, "link_over")


async def test_the_token_stays_while_another_link_of_the_client_lives(api: httpx2.AsyncClient, house: House) -> None:
    await under_way(house)
    await api.post("/links", json={"client_id": house.world.north.client_id})
    await api.post(f"/links/{house.world.north.link_id}/revocation")
    assert await is_due(house) == (True, False)


async def test_a_link_runs_out_once_with_all_that_follows(house: House) -> None:
    await under_way(house)
    await link_lifecycle.run(house.tools, await run_out(house))
    assert await is_due(house) == (True, True)
    assert (await house.events(house.world.north)).count("link.expired") == 1
    assert not await jobs.claim(house.tools.sessions, Link, limit=5, lease=LEASE)


async def test_who_lost_the_row_writes_nothing(house: House) -> None:
    await under_way(house)
    link = await run_out(house)
    async with house.tools.sessions.begin() as session:
        mine = update(Link).where(Link.agency_id == link.agency_id, Link.id == link.id)
        await session.execute(mine.values(lease_token=func.gen_random_uuid()))
    with pytest.raises(jobs.LeaseLost):
        await link_lifecycle.run(house.tools, link)
    assert "link.expired" not in await house.events(house.world.north)


async def test_more_time_given_meanwhile_wins(api: httpx2.AsyncClient, house: House) -> None:
    link = await run_out(house)
    late = clock.now() + timedelta(days=3)
    await api.post(f"/links/{link.id}/extension", json={"expires_at": late.isoformat()})
    await link_lifecycle.run(house.tools, link)
    found = (await api.get(f"/links/{link.id}")).json()
    assert (found["status"], found["expires_at"]) == ("draft", clock.iso(late))
    async with house.tools.sessions() as session:
        row = await session.get_one(Link, (link.agency_id, link.id))
        assert row.due_at == row.expires_at


async def test_an_expired_link_lives_again_and_its_access_requests_go_on(api: httpx2.AsyncClient, house: House) -> None:
    await under_way(house)
    north = house.world.north
    await link_lifecycle.run(house.tools, await run_out(house))
    assert (await api.get(f"/links/{north.link_id}")).json()["status"] == "expired"
    await house.work(2)
    # what TikTok has recorded may still be accepted: it is looked for, though the link has ended
    assert await house.statuses(north) == [("awaiting_partner", None)]
    late = (clock.now() + timedelta(days=3)).isoformat()
    extended = await api.post(f"/links/{north.link_id}/extension", json={"expires_at": late})
    assert (extended.status_code, extended.json()["status"]) == (200, "submitted")
    await house.tiktok.approve(seed.MAISON_LUNE)
    await house.work(2)
    assert await house.statuses(north) == [("verified", None)]
