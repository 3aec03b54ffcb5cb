"""Completed links: changed, drifted or unreadable access is reported to the right people and on every list."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select, update

from app.access.grants import service as grants
from app.access.grants.models import Grant
from app.access.requests import link_lifecycle
from app.access.requests import service as access_requests
from app.client_portal import service as portal
from app.kit import clock, jobs
from app.links import queries as links
from app.links.models import Link
from app.mail.service import Mail, MailQueue
from app.tenants.clients.models import Client
from simulator import seed
from simulator.seed import LUNE_EU, LUNE_UK, MAISON_LUNE, NORTH_AGENCY
from tests import world as worlds
from tests.access.imports.scenes import Scene
from tests.house import House, change_link
from tests.world import TESTS


@pytest.fixture
def house(house: House) -> House:
    """A house that can owe e-mails."""
    return replace(house, tools=replace(house.tools, outbox=MailQueue(house.tools.keyring, worlds.PUBLIC_URL)))


async def _completed(house: House) -> None:
    await house.share(house.world.north, LUNE_EU)
    assert (await _link(house)).status == "completed"


async def _link(house: House) -> Link:
    async with house.tools.sessions() as session:
        return await links.find(session, house.world.north.agency_id, house.world.north.link_id)


async def _attend(house: House) -> None:
    """The worker's turn with links that are due."""
    for row in await jobs.claim(house.tools.sessions, Link, limit=9, lease=house.tools.lease):
        await link_lifecycle.run(house.tools, row)


async def _mails(house: House) -> Sequence[Mail]:
    rows = select(Mail).where(Mail.agency_id == house.world.north.agency_id).order_by(Mail.id)
    async with house.tools.sessions() as session:
        return (await session.scalars(rows)).all()


async def _reason(house: House, api: httpx2.AsyncClient, event: str) -> str | None:
    found = (await api.get("/events", params={"types": event})).json()["data"]
    return str(found[-1]["data"]["reason"]) if found else None


async def test_drift_brings_the_link_back_to_life(house: House, api: httpx2.AsyncClient) -> None:
    north = house.world.north
    await _completed(house)
    await house.tiktok.unshare_by_hand(MAISON_LUNE, LUNE_EU)
    await house.work(1)
    (shown,) = (await api.get("/links", params={"status": "drifted"})).json()["data"]
    assert (shown["id"], shown["next_actor"]) == (north.link_id, "client")
    assert shown["next_actor_since"]
    assert (await house.events(north)).count("link.reopened") == 1
    await _attend(house)
    await _attend(house)
    assert [(mail.kind, mail.about_id) for mail in await _mails(house)] == [("needed_again", north.link_id)]
    await house.connect_client(north)  # "Share it now"
    await house.work()
    assert await house.statuses(north) == [("verified", None)]
    assert (await house.events(north))[-3:].count("link.completed") == 1
    assert (await _link(house)).status == "completed"


async def test_a_drifted_link_stays_open_past_its_time(house: House) -> None:
    await _completed(house)
    async with house.tools.sessions.begin() as session:
        ours = (Link.agency_id == house.world.north.agency_id) & (Link.id == house.world.north.link_id)
        await session.execute(update(Link).where(ours).values(expires_at=clock.now() - timedelta(days=300)))
    await house.tiktok.unshare_by_hand(MAISON_LUNE, LUNE_EU)
    await house.work(1)
    await _attend(house)
    assert (await _link(house)).status == "drifted"
    await house.connect_client(house.world.north)
    await house.work()
    assert await house.statuses(house.world.north) == [("verified", None)]


async def test_a_person_asked_for_later_is_told(house: House, api: httpx2.AsyncClient) -> None:
    north = house.world.north
    await _completed(house)
    body = {"email": "lea@northagency.example", "role": "ANALYST", "reason": "To read the results."}
    answer = await api.post(f"/links/{north.link_id}/people", json=body)
    assert answer.is_success, answer.text
    assert {"link.reopened", "access.requested"} <= set(await house.events(north))
    link = (await api.get(f"/links/{north.link_id}")).json()
    assert (link["status"], link["next_actor"]) == ("submitted", "client")
    await _attend(house)
    assert [mail.kind for mail in await _mails(house)] == ["needed_again"]


async def test_a_wider_role_asked_for_later_is_told(house: House, api: httpx2.AsyncClient) -> None:
    north = house.world.north
    await _completed(house)
    (access_request,) = await house.access_requests(north)
    answer = await api.post(
        f"/access-requests/{access_request.id}/role", json={"role": "ADMIN", "reason": "To pay the invoices."}
    )
    assert answer.is_success, answer.text
    assert {"link.reopened", "access.requested"} <= set(await house.events(north))


async def test_an_attestation_that_a_read_shows_untrue_reopens_the_link(house: House) -> None:
    north = house.world.north
    await house.agree(north, LUNE_EU, lane="guided")
    await house.work(1)
    (access_request,) = await house.access_requests(north)
    async with house.tools.sessions.begin() as session:
        await access_requests.attest(session, access_request.agency_id, access_request.id, by="Nora North", actor=TESTS)
    assert (await _link(house)).status == "completed"
    await house.connect_agency(north)
    await house.work(1)
    link = await _link(house)
    assert (link.status, link.completed_at) == ("submitted", None)
    assert (await house.events(north)).count("link.reopened") == 1


async def test_what_nobody_can_read_is_not_green_for_ever(house: House) -> None:
    north = house.world.north
    await _completed(house)
    await house.tiktok.make_member(NORTH_AGENCY, seed.NORA_NORTH, "STANDARD")
    await house.tiktok.unshare_by_hand(MAISON_LUNE, LUNE_EU)
    await house.work(1)
    assert await house.statuses(north) == [("verified", None)]
    async with house.tools.sessions.begin() as session:
        old = update(Grant).where(Grant.agency_id == north.agency_id)
        await session.execute(old.values(last_seen_at=clock.now() - timedelta(hours=49)))
    await house.work(2)
    (access_request,) = await house.access_requests(north)
    assert (access_request.status, access_request.code, access_request.next_actor) == (
        "unverifiable",
        "agency_must_reauthorize",
        "agency",
    )
    assert (access_request.platform_code, access_request.platform_operation) == (40001, "bc/partner/asset/get")
    assert access_request.platform_request_id
    assert "access.unverifiable" in await house.events(north)
    assert [mail.kind for mail in await _mails(house)] == ["blind"]
    await house.tiktok.make_member(NORTH_AGENCY, seed.NORA_NORTH, "ADMIN")
    await house.connect_agency(north)
    await house.work(1)
    assert await house.statuses(north) == [("drifted", "asset_not_shared")]


async def test_a_dead_token_of_the_agency_is_told_by_mail_once(house: House) -> None:
    north = house.world.north
    await _completed(house)
    await house.tiktok.withdraw(seed.NORA_NORTH)
    await house.work(3)
    assert [mail.kind for mail in await _mails(house)] == ["blind"]
    assert (await house.events(north)).count("connection.token_invalid") == 1


async def test_a_removal_that_tiktok_refuses_says_whose_turn_it_is(house: House, api: httpx2.AsyncClient) -> None:
    north = house.world.north
    await _completed(house)
    await house.connect_client(north)
    await house.tiktok.fault("bc/partner/asset/delete/", code=40002, times=None)
    (grant,) = (await api.get("/grants")).json()["data"]
    async with house.tools.sessions.begin() as session:
        await grants.revoke_grant(session, north.agency_id, grant["id"], actor=TESTS)
    await house.work(3)
    shown = (await api.get(f"/grants/{grant['id']}")).json()
    assert (shown["status"], shown["code"], shown["next_actor"]) == ("revoking", "removal_refused", "client")
    assert "grant.revocation_refused" in await house.events(north)
    (access_request,) = await house.access_requests(north)
    assert (access_request.code, access_request.next_actor, access_request.platform_code) == (
        "removal_refused",
        "client",
        40002,
    )
    await house.tiktok.unshare_by_hand(MAISON_LUNE, LUNE_EU)
    await house.work(2)
    assert (await api.get(f"/grants/{grant['id']}")).json()["status"] == "ended"


@pytest.mark.parametrize("first", ["import", "link"])
async def test_a_business_center_is_one_client_in_either_order(house: House, first: str) -> None:
    north = house.world.north
    await house.tiktok.share_by_hand(MAISON_LUNE, LUNE_EU, LUNE_UK, role="ADMIN")
    scene = Scene(house, north)
    await house.connect_agency(north)
    if first == "import":
        await scene.run()
    async with change_link(house.tools.sessions, north) as (session, link):
        await portal.save_account(session, link, "tiktok", MAISON_LUNE, "Maison Lune")
    if first == "link":
        await scene.run()
    rows = select(Grant.client_id).where(Grant.agency_id == north.agency_id, Grant.client_account_id == MAISON_LUNE)
    async with house.tools.sessions() as session:
        assert set(await session.scalars(rows)) == {north.client_id}
        found = select(Client).where(Client.agency_id == north.agency_id, Client.name == "Maison Lune")
        assert [each.origin for each in await session.scalars(found) if each.origin == "found"] == []


async def test_what_an_import_found_keeps_nothing_from_being_lowered(house: House) -> None:
    north = house.world.north
    await house.tiktok.share_by_hand(MAISON_LUNE, LUNE_EU, role="ADMIN")
    await house.connect_agency(north)
    await Scene(house, north).run()
    await house.connect_client(north)
    await house.agree(north, LUNE_EU)
    await house.work(2)
    assert await house.statuses(north) == [("blocked", "role_higher_than_requested")]
    (access_request,) = await house.access_requests(north)
    async with change_link(house.tools.sessions, north) as (session, link):
        await access_requests.lower_role(session, link, access_request.id)
    await house.work(4)
    assert await house.statuses(north) == [("verified", None)]
