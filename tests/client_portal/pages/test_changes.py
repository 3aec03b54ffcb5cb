"""After the link was done: what changes or drifts brings its page back to life, and is carried out through it."""

import pytest
from sqlalchemy import update

from app.access.connections import service as connections
from app.access.handshakes import Handshake
from app.access.requests import people
from app.access.requests.schemas import NewRole
from app.access.requests.service import change_role
from app.kit.database import CROSS_TENANT
from app.links.access_changes import add_access_request
from app.links.models import AccessRequest
from app.links.presets.preset import PresetAccessRequest
from simulator.seed import LUNE_EU, LUNE_UK, MAISON_LUNE
from tests.client_portal.walk import Remembered, Walk, trip
from tests.house import House
from tests.prepared import Prepared
from tests.world import TESTS

VERIFIED = ("verified", None)


@pytest.fixture
async def done(walk: Walk, house: House, prepared: Prepared) -> Walk:
    """A client with a completed link: everything is verified, and its authorization was given back."""
    walk.remember(await prepared.reach("a completed link", lambda: _complete(walk, house)))
    return walk


async def _complete(walk: Walk, house: House) -> Remembered:
    await house.connect_agency(walk.corner)
    await walk.start()
    await trip(walk, house)
    await walk.send("account", account_id=MAISON_LUNE)
    await walk.send("assets", ad_account=[LUNE_EU])
    await walk.answer("about")
    await walk.agree()
    await house.work()
    assert await house.statuses(walk.corner) == [VERIFIED]
    assert await _held(walk, house) == "given_back"
    return walk.remembered()


async def _held(walk: Walk, house: House) -> str:
    async with house.tools.sessions() as session:
        accounts = {"tiktok": MAISON_LUNE}
        access = await connections.read_access(session, walk.corner.agency_id, walk.corner.client_id, accounts)
    return access["tiktok"].held


async def _watch(house: House) -> None:
    """The next watch is now."""
    async with house.tools.sessions.begin() as session:
        await session.execute(update(Handshake).values(watching=True).execution_options(**CROSS_TENANT))
    await house.work(2)


async def test_a_higher_role_is_carried_out_by_connecting_once_more(done: Walk, house: House) -> None:
    (access_request,) = await house.access_requests(done.corner)
    async with house.tools.sessions.begin() as session:
        wanted = NewRole(role="ADMIN", reason="To set up payments with you.")
        await change_role(
            session, done.corner.agency_id, access_request.id, wanted, platforms=house.tools.platforms, actor=TESTS
        )
    assert done.goes_to(await done.see("")) == "review"
    await done.agree()
    await house.work(3)
    page = (await done.see("progress")).text
    assert "Raise it" in page
    assert "Run campaigns (Operator)" in page
    assert "run ads" not in page
    assert done.goes_to(await trip(done, house)) == "progress"
    await house.work()
    (access_request,) = await house.access_requests(done.corner)
    assert (access_request.status, access_request.role_seen) == ("verified", "ADMIN")
    assert "You’re all set" in (await done.see("progress")).text


async def test_more_accounts_are_picked_from_the_list_after_connecting_once_more(done: Walk, house: House) -> None:
    async with house.tools.sessions.begin() as session:
        wanted = PresetAccessRequest("tiktok", "ad_account", "OPERATOR", "To run campaigns in the UK.")
        await add_access_request(
            session, done.corner.agency_id, done.corner.link_id, wanted, platforms=house.tools.platforms, actor=TESTS
        )
    assert done.goes_to(await done.see("")) == "assets"
    assert "Connect with TikTok" in (await done.see("assets")).text
    assert done.goes_to(await trip(done, house)) == "assets"
    assert "<textarea" not in (await done.see("assets")).text
    await done.send("assets", ad_account=[LUNE_UK])
    await done.agree()
    await house.work()
    assert await house.statuses(done.corner) == [VERIFIED, VERIFIED]


async def test_a_person_asked_for_later_is_invited_after_connecting_once_more(done: Walk, house: House) -> None:
    async with house.tools.sessions.begin() as session:
        await people.request_person(
            session, done.corner.agency_id, done.corner.link_id, email="bo@northagency.example", role="OPERATOR",
            reason="Bo runs your campaigns.", platforms=house.tools.platforms, actor=TESTS,
        )  # fmt: skip
    assert done.goes_to(await done.see("")) == "review"
    await done.agree()
    await house.work(2)
    page = (await done.see("progress")).text
    assert "We gave your permission back" in page
    await trip(done, house)
    await house.work()
    assert (await house.tiktok.member_statuses(MAISON_LUNE))["bo@northagency.example"] == "PENDING"
    page = (await done.see("progress")).text
    assert "has to accept TikTok’s e-mail" in page
    assert "accept it in its Business Center" not in page
    assert "person_" not in page


async def test_after_drift_door_page_and_receipt_say_what_is_needed(done: Walk, house: House) -> None:
    await house.tiktok.unshare_by_hand(MAISON_LUNE, LUNE_EU)
    await _watch(house)
    assert [status for status, _ in await house.statuses(done.corner)] == ["drifted"]
    door = (await done.browser.get(done.corner.link_path)).text
    assert "All set" not in door
    assert "this needs you" in door
    assert done.goes_to(await done.see("")) == "progress"
    page = (await done.see("progress")).text
    assert "It’s your turn" in page
    assert "no longer shared" in page
    assert "Share it now" in page
    receipt = (await done.see("receipt")).text
    assert "Something changed" in receipt
    assert "grows" not in receipt


async def test_every_blocker_of_a_page_can_be_reached(done: Walk, house: House) -> None:
    await house.ask_for(done.corner, "ad_account", "OPERATOR", asset_id=LUNE_UK, asset_name="Maison Lune UK")
    await done.agree()
    await house.work(1)
    statuses = {LUNE_EU: "asset_not_shared", LUNE_UK: "ad_account_suspended"}
    async with house.tools.sessions.begin() as session:
        for asset_id, code in statuses.items():
            mine = (AccessRequest.agency_id == done.corner.agency_id) & (AccessRequest.asset_id == asset_id)
            await session.execute(
                update(AccessRequest).where(mine).values(status="blocked", code=code, next_actor="client")
            )
    page = (await done.see("progress")).text
    assert "Share it now" in page
    assert "Choose another" in page
    assert page.count("TikTok has suspended") == 1, "nothing is reported twice"
