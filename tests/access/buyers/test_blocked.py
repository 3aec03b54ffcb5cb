"""What keeps a buyer from opening an ad account, and what is said of it."""

from datetime import timedelta

import httpx2
from sqlalchemy import func, select

from app.access.buyers.models import BuyerAccess
from app.access.connections import service as connections
from app.kit.database import CROSS_TENANT
from simulator import seed
from tests.access.buyers.scenes import ASSIGN, BO, HOLDERS, KIM, MEMBERS, count, name, shared, shown
from tests.house import House


async def test_who_is_no_member_is_told_and_gets_it_once_they_have_joined(
    house: House, api: httpx2.AsyncClient
) -> None:
    await name(house, api, {"buyers": [{"email": "Lea@NorthAgency.example", "role": "OPERATOR"}]})
    await shared(house)
    await house.work()
    lea = "lea@northagency.example"
    assert await shown(house, api) == {lea: ("blocked", "not_a_member", "OPERATOR")}
    await house.tiktok.invite_by_hand(seed.NORTH_AGENCY, lea)
    await house.work(1)
    assert await shown(house, api) == {lea: ("blocked", "invitation_pending", "OPERATOR")}
    await house.tiktok.accept_invitation(seed.NORTH_AGENCY, lea)
    await house.work(2)
    assert await shown(house, api) == {lea: ("open", None, "OPERATOR")}


async def test_what_the_agency_takes_away_by_hand_is_told_and_not_given_again(
    house: House, api: httpx2.AsyncClient
) -> None:
    await name(house, api, {"buyers": [{"email": BO, "role": "OPERATOR"}]})
    await shared(house)
    await house.work()
    await house.tiktok.assign_by_hand(seed.NORTH_AGENCY, seed.BUYER_BO, seed.LUNE_EU, None)
    await house.work(2)
    assert await shown(house, api) == {BO: ("blocked", "taken_away", "OPERATOR")}
    assert await count(house, ASSIGN) == 1
    await name(house, api, {"buyers": [{"email": BO, "role": "OPERATOR"}]})
    await house.work(2)
    assert await shown(house, api) == {BO: ("open", None, "OPERATOR")}


async def test_a_larger_role_given_by_others_is_flagged_and_left(house: House, api: httpx2.AsyncClient) -> None:
    await shared(house)
    await house.work()
    await house.tiktok.assign_by_hand(seed.NORTH_AGENCY, seed.BUYER_KIM, seed.LUNE_EU, "OPERATOR")
    await name(house, api, {"buyers": [{"email": KIM, "role": "ANALYST"}]})
    await house.work(2)
    assert await shown(house, api) == {KIM: ("open", "role_higher_than_requested", "ANALYST")}
    assert await count(house, ASSIGN) == 0


async def test_without_member_management_it_is_told_and_the_account_stays_verified(
    house: House, api: httpx2.AsyncClient
) -> None:
    await name(house, api, {"buyers": [{"email": BO, "role": "OPERATOR"}]})
    await shared(house)
    async with house.tools.sessions.begin() as session:
        agency = await connections.of_agency(session, house.world.north.agency_id, "tiktok")
        assert agency is not None
        agency.scopes = [100, 150, 153, 155]
    await house.work(4)
    assert await shown(house, api) == {BO: ("blocked", "scope_not_authorized", "OPERATOR")}
    assert await house.statuses(house.world.north) == [("verified", None)]
    assert await count(house, MEMBERS) == 0


async def test_a_dead_token_of_the_agency_is_told_and_mended_by_connecting_again(
    house: House, api: httpx2.AsyncClient
) -> None:
    await shared(house)
    await house.work()
    await house.tiktok.withdraw(seed.NORA_NORTH)
    await name(house, api, {"buyers": [{"email": BO, "role": "OPERATOR"}]})
    await house.work(1)
    assert await shown(house, api) == {BO: ("blocked", "connection_dead", "OPERATOR")}
    await house.connect_agency(house.world.north)
    await house.work(2)
    assert await shown(house, api) == {BO: ("open", None, "OPERATOR")}


async def test_an_agency_that_ended_its_connection_is_told_so(house: House, api: httpx2.AsyncClient) -> None:
    await shared(house)
    await house.work()
    async with house.tools.sessions() as session:
        agency = await connections.of_agency(session, house.world.north.agency_id, "tiktok")
    assert agency is not None
    assert (await api.post(f"/connections/{agency.id}/revocation")).status_code == 202
    await house.work()
    await name(house, api, {"buyers": [{"email": BO, "role": "OPERATOR"}]})
    await house.work(4)
    assert await shown(house, api) == {BO: ("blocked", "agency_not_connected", "OPERATOR")}


async def test_a_refusal_is_kept_with_its_code_and_not_repeated(house: House, api: httpx2.AsyncClient) -> None:
    await name(house, api, {"buyers": [{"email": BO, "role": "OPERATOR"}]})
    await shared(house)
    await house.tiktok.fault(ASSIGN, code=40001)
    await house.work(5)
    assert await shown(house, api) == {BO: ("blocked", "not_bc_admin", "OPERATOR")}
    assert await count(house, ASSIGN) == 1
    grant = (await api.get("/grants")).json()["data"][0]["id"]
    kept = (await api.get(f"/grants/{grant}/calls")).json()["data"]
    refused = next(each for each in kept if each["purpose"] == "assign")
    assert (refused["code"], refused["outcome"], refused["side"]) == (40001, "denied", "agency")
    access_request = (await house.access_requests(house.world.north))[0].id
    assert (await api.post(f"/access-requests/{access_request}/verification")).status_code == 202
    await house.work(2)
    assert await shown(house, api) == {BO: ("open", None, "OPERATOR")}


async def test_one_too_often_after_looks_in_vain_is_a_short_pause(house: House, api: httpx2.AsyncClient) -> None:
    """Looks in vain are not refusals for haste: those are counted by the shared budget, which pauses for all."""
    await shared(house)
    await house.work()
    await name(house, api, {"buyers": [{"email": BO, "role": "OPERATOR"}]})
    await house.tiktok.fault(HOLDERS, http_status=502, times=3)
    await house.work(3)
    await house.tiktok.fault(HOLDERS, code=40100)
    await house.work(1)
    async with house.tools.sessions() as session:
        rows = select(BuyerAccess.looks, BuyerAccess.due_at, func.now()).execution_options(**CROSS_TENANT)
        ((looks, due_at, now),) = (await session.execute(rows)).all()
    assert looks > 3
    assert due_at is not None
    assert due_at - now < timedelta(seconds=10)
