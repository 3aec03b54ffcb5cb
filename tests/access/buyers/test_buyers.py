"""The agency's own people get what was shared, and a read shows that they can open it."""

import httpx2
import pytest
from sqlalchemy import select

from app.access.buyers.models import BuyerAccess
from app.access.call_recorder import PlatformCall
from app.access.grants import service as grants
from app.events.models import Event
from simulator import seed
from tests.access.buyers.scenes import ASSIGN, BO, BUYERS, KIM, MEMBERS, UNASSIGN, count, name, patient, shared, shown
from tests.house import House


async def test_named_buyers_get_a_verified_account_and_a_read_says_so(house: House, api: httpx2.AsyncClient) -> None:
    await name(house, api)
    await shared(house)
    await house.work()
    assert await shown(house, api) == {BO: ("open", None, "OPERATOR"), KIM: ("open", None, "ANALYST")}
    assert await house.tiktok.assigned(seed.NORTH_AGENCY, seed.BUYER_BO) == {seed.LUNE_EU: "OPERATOR"}
    assert await house.tiktok.assigned(seed.NORTH_AGENCY, seed.BUYER_KIM) == {seed.LUNE_EU: "ANALYST"}
    assert await count(house, ASSIGN) == 2
    assert await count(house, MEMBERS) == 1
    access_request = (
        await api.get(f"/access-requests/{(await house.access_requests(house.world.north))[0].id}")
    ).json()
    assert [(each["email"], each["status"], bool(each["seen_at"])) for each in access_request["buyers"]] == [
        (BO, "open", True), (KIM, "open", True),
    ]  # fmt: skip


async def test_an_accepted_write_is_not_open_before_a_read_shows_it(house: House, api: httpx2.AsyncClient) -> None:
    await name(house, api, {"buyers": [{"email": BO, "role": "OPERATOR"}]})
    await shared(house)
    await house.work(2)
    assert await count(house, ASSIGN) == 1
    await house.tiktok.assign_by_hand(seed.NORTH_AGENCY, seed.BUYER_BO, seed.LUNE_EU, None)
    await house.tiktok.fault("bc/asset/member/get/", code=50000)
    assert (await shown(house, api))[BO][0] == "waiting"
    await house.work(2)
    assert (await shown(house, api))[BO] == ("waiting", None, "OPERATOR")
    assert await count(house, ASSIGN) == 1


async def test_members_are_read_once_for_all_that_is_due_together(house: House, api: httpx2.AsyncClient) -> None:
    await name(house, api)
    await shared(house, seed.LUNE_EU, seed.LUNE_UK, seed.LUNE_US)
    await house.work()
    assert await count(house, MEMBERS) == 1
    assert await count(house, ASSIGN) == 6
    assert [status for at in range(3) for status, *_ in (await shown(house, api, at)).values()] == ["open"] * 6


async def test_nobody_gets_more_than_the_client_gave(house: House, api: httpx2.AsyncClient) -> None:
    await name(house, api, {"buyers": [{"email": BO, "role": "ADMIN"}]})
    await shared(house)
    await house.work()
    assert await shown(house, api) == {BO: ("open", None, "OPERATOR")}
    assert await house.tiktok.assigned(seed.NORTH_AGENCY, seed.BUYER_BO) == {seed.LUNE_EU: "OPERATOR"}


async def test_a_lost_answer_is_looked_at_and_not_repeated(house: House, api: httpx2.AsyncClient) -> None:
    await name(house, api, {"buyers": [{"email": BO, "role": "OPERATOR"}]})
    await shared(house)
    await house.tiktok.fault(ASSIGN, lost=True)
    await house.work()
    assert (await shown(house, api))[BO][0] == "open"
    assert await count(house, ASSIGN) == 1


async def test_a_call_that_never_arrived_is_repeated_after_a_look(house: House, api: httpx2.AsyncClient) -> None:
    house = patient(house)
    await name(house, api, {"buyers": [{"email": BO, "role": "OPERATOR"}]})
    await shared(house)
    await house.tiktok.fault(ASSIGN, drop=True)
    await house.work(2)
    assert (await shown(house, api))[BO][0] == "waiting"
    async with house.tools.sessions.begin() as session:  # the settling time passes
        rows = select(PlatformCall).where(
            PlatformCall.agency_id == house.world.north.agency_id, PlatformCall.purpose == "assign"
        )
        for row in await session.scalars(rows):
            row.started_at = row.started_at - house.tools.timing.settle
    await house.work(3)
    assert (await shown(house, api))[BO][0] == "open"


async def test_killed_between_writing_down_and_sending(
    house: House, api: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = patient(house)
    await name(house, api, {"buyers": [{"email": BO, "role": "OPERATOR"}]})
    await shared(house)

    async def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(type(house.tools.platforms.connected("tiktok")), "assign", killed)
        with pytest.raises(KeyboardInterrupt):
            await house.work()
    async with house.tools.sessions.begin() as session:
        row = (
            await session.scalars(select(BuyerAccess).where(BuyerAccess.agency_id == house.world.north.agency_id))
        ).one()
        assert row.lease_token is not None
        row.lease_until = None  # the lease runs out
        attempts = select(PlatformCall).where(PlatformCall.agency_id == row.agency_id, PlatformCall.purpose == "assign")
        (attempt,) = await session.scalars(attempts)
        assert attempt.outcome is None
    await house.work(1)
    assert await count(house, ASSIGN) == 0  # it may be on its way: looked at, not repeated
    async with house.tools.sessions.begin() as session:
        attempt = await session.get_one(PlatformCall, (attempt.agency_id, attempt.id))
        attempt.started_at = attempt.started_at - house.tools.timing.settle
    await house.work(3)
    assert (await shown(house, api))[BO][0] == "open"
    assert await count(house, ASSIGN) == 1


async def test_what_somebody_else_gave_is_left_to_them(house: House, api: httpx2.AsyncClient) -> None:
    await shared(house)
    await house.work()
    await house.tiktok.assign_by_hand(seed.NORTH_AGENCY, seed.BUYER_BO, seed.LUNE_EU, "OPERATOR")
    await name(house, api)
    await house.work(3)
    assert await shown(house, api) == {BO: ("open", None, "OPERATOR"), KIM: ("open", None, "ANALYST")}
    await name(house, api, {"buyers": []})
    assert await shown(house, api) == {KIM: ("leaving", None, "ANALYST")}
    await house.work(3)
    assert await shown(house, api) == {}
    assert await count(house, UNASSIGN) == 1
    assert await house.tiktok.assigned(seed.NORTH_AGENCY, seed.BUYER_BO) == {seed.LUNE_EU: "OPERATOR"}
    assert await house.tiktok.assigned(seed.NORTH_AGENCY, seed.BUYER_KIM) == {}


async def test_a_role_named_anew_is_raised_and_lowered_where_it_was_ours(house: House, api: httpx2.AsyncClient) -> None:
    await name(house, api, {"buyers": [{"email": BO, "role": "ANALYST"}]})
    await shared(house)
    await house.work()
    for role in ("OPERATOR", "ANALYST"):
        await name(house, api, {"buyers": [{"email": BO, "role": role}]})
        await house.work(2)
        assert await shown(house, api) == {BO: ("open", None, role)}
        assert await house.tiktok.assigned(seed.NORTH_AGENCY, seed.BUYER_BO) == {seed.LUNE_EU: role}


async def test_rows_go_with_their_grant_and_come_back_with_it(house: House, api: httpx2.AsyncClient) -> None:
    await name(house, api, {"buyers": [{"email": BO, "role": "OPERATOR"}]})
    await shared(house)
    await house.work()
    await house.tiktok.unshare_by_hand(seed.MAISON_LUNE, seed.LUNE_EU)
    await house.work(2)
    assert await shown(house, api) == {}
    await house.tiktok.share_by_hand(seed.MAISON_LUNE, seed.LUNE_EU, role="OPERATOR")
    await house.work(4)
    assert await shown(house, api) == {BO: ("open", None, "OPERATOR")}


async def test_the_second_agency_keeps_its_own(house: House, api: httpx2.AsyncClient) -> None:
    await name(house, api)
    await house.tiktok.share_by_hand(seed.MAISON_LUNE, seed.LUNE_EU, partner=seed.SOUTH_AGENCY)
    await house.tiktok.assign_by_hand(seed.SOUTH_AGENCY, seed.SIMON_SOUTH, seed.LUNE_EU, "OPERATOR")
    await shared(house)
    await house.work()
    await name(house, api, {"buyers": []})
    await house.work(2)
    assert await house.tiktok.assigned(seed.SOUTH_AGENCY, seed.SIMON_SOUTH) == {seed.LUNE_EU: "OPERATOR"}


async def test_buyers_of_a_link_are_set_and_removed_with_an_event_each(house: House, api: httpx2.AsyncClient) -> None:
    at = f"/links/{house.world.north.link_id}/buyers"
    assert (await api.put(at, json=BUYERS)).status_code == 200
    assert (await api.delete(at)).status_code == 204
    found = (await api.get("/events", params={"types": "link.buyers_set"})).json()["data"]
    data = {"agency_id": house.world.north.agency_id, "link_id": house.world.north.link_id}
    assert [each["data"] for each in found] == [data, data]


async def test_no_address_of_a_buyer_is_in_events_or_platform_calls(house: House, api: httpx2.AsyncClient) -> None:
    await name(house, api)
    await shared(house)
    await house.work()
    async with house.tools.sessions() as session:
        happened = await session.scalars(select(Event.facts).where(Event.agency_id == house.world.north.agency_id))
        kept = await session.execute(
            select(PlatformCall.request, PlatformCall.answer).where(
                PlatformCall.agency_id == house.world.north.agency_id
            )
        )
        texts = [str(each) for each in happened] + [str(tuple(each)) for each in kept]
    assert any("user_id" in text for text in texts)
    assert not [text for text in texts if BO in text or KIM in text]


async def test_what_was_there_before_keyturn_is_not_given_to_buyers(house: House, api: httpx2.AsyncClient) -> None:
    await name(house, api)
    await shared(house)
    await house.work()
    async with house.tools.sessions.begin() as session:
        (row,) = await grants.page(session, house.world.north.agency_id, limit=9)
        row.origin, row.access_request_id = "found", None
    await name(house, api, {"buyers": [*BUYERS["buyers"], {"email": "nora@northagency.example", "role": "ANALYST"}]})
    assert "nora@northagency.example" not in await shown(house, api)
