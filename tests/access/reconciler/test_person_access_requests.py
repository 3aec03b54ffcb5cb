"""People of the agency: invited by the client's token, seen pending and joined, taken back and read as gone."""

from dataclasses import replace

import httpx2
from sqlalchemy import select

from app.access.call_recorder import PlatformCall
from app.access.connections.models import Connection
from app.access.pacing import RetryTiming
from app.access.reconciler import dry_run
from app.events.models import Event
from app.kit.i18n.locales import english
from app.links import queries as links
from app.links.models import AccessRequest
from simulator import seed
from tests.house import House

NORA = "nora.lee@northagency.example"
BO = "bo@northagency.example"
INVITE, DELETE = "bc/member/invite/", "bc/member/delete/"


async def _ask_for(house: House, api: httpx2.AsyncClient, *emails: str, role: str = "ANALYST") -> list[str]:
    made = []
    for email in emails or (NORA,):
        body = {"email": email, "role": role, "reason": "To help with the launch."}
        answer = await api.post(f"/links/{house.world.north.link_id}/people", json=body)
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["id"])
    return made


async def _agreed(house: House) -> None:
    await house.connect_agency(house.world.north)
    await house.connect_client(house.world.north)
    await house.agree(house.world.north, seed.LUNE_EU)


async def _people(house: House) -> list[AccessRequest]:
    return [
        access_request
        for access_request in await house.access_requests(house.world.north)
        if access_request.kind == "person"
    ]


async def _person(house: House) -> tuple[str, str | None]:
    (access_request,) = await _people(house)
    return access_request.status, access_request.code


async def _count(house: House, path: str) -> int:
    return int((await house.tiktok.calls())["by_path"].get(path, 0))


async def _client_connection(house: House) -> Connection:
    rows = select(Connection).where(
        Connection.agency_id == house.world.north.agency_id, Connection.side == "client"
    )  # fmt: skip
    async with house.tools.sessions() as session:
        return (await session.scalars(rows)).one()


async def test_invited_shown_pending_accepted_and_verified(house: House, api: httpx2.AsyncClient) -> None:
    (access_request_id,) = await _ask_for(house, api)
    await _agreed(house)
    await house.work()
    assert await house.tiktok.member_statuses(seed.MAISON_LUNE) == {
        "ana@maisonlune.example": "BOUND", "sam@maisonlune.example": "BOUND", NORA: "PENDING",
    }  # fmt: skip
    shown = (await api.get(f"/access-requests/{access_request_id}")).json()
    assert (shown["status"], shown["next_actor"], shown["person_email"]) == ("awaiting_partner", "agency", NORA)
    nora = await house.tiktok.accept_invitation(seed.MAISON_LUNE, NORA)
    await house.work(2)
    (access_request,) = await _people(house)
    assert (access_request.status, access_request.seen_by, access_request.role_seen) == (
        "verified",
        "client",
        "ANALYST",
    )
    assert await house.tiktok.assigned(seed.MAISON_LUNE, nora) == {seed.LUNE_EU: "ANALYST"}
    assert await _count(house, INVITE) == 1


async def test_the_plan_before_consent_names_whom_and_where(house: House, api: httpx2.AsyncClient) -> None:
    await _ask_for(house, api)
    await house.connect_client(house.world.north)
    async with house.tools.sessions() as session:
        aggregate = await links.load_link(session, house.world.north.agency_id, house.world.north.link_id)
        said = dry_run.sentences(aggregate, house.tools.platforms["tiktok"])
    assert any(english(each).startswith(f"Invite {NORA} of North Agency to Business Center") for each in said)


async def test_nobody_is_invited_before_the_clients_yes(house: House, api: httpx2.AsyncClient) -> None:
    await _agreed(house)
    await house.work()
    await _ask_for(house, api)
    await house.work()
    assert await _count(house, INVITE) == 0
    assert await _person(house) == ("waiting", None)


async def test_a_lost_answer_is_not_repeated_before_a_look(house: House, api: httpx2.AsyncClient) -> None:
    await _ask_for(house, api)
    await _agreed(house)
    await house.tiktok.fault(INVITE, lost=True)
    await house.work()
    assert await _person(house) == ("awaiting_partner", "invitation_pending")
    assert await _count(house, INVITE) == 1


async def test_a_call_that_never_arrived_is_repeated_once_it_has_settled(house: House, api: httpx2.AsyncClient) -> None:
    house = replace(house, tools=replace(house.tools, timing=RetryTiming()))
    await _ask_for(house, api)
    await _agreed(house)
    await house.tiktok.fault(INVITE, drop=True)
    await house.work()
    assert NORA not in await house.tiktok.member_statuses(seed.MAISON_LUNE)
    sent = await _count(house, INVITE)
    async with house.tools.sessions.begin() as session:
        rows = select(PlatformCall).where(
            PlatformCall.agency_id == house.world.north.agency_id, PlatformCall.purpose == "share"
        )
        for row in await session.scalars(rows):
            row.started_at = row.started_at - RetryTiming().settle
    await house.work(2)
    assert await _count(house, INVITE) == sent + 1
    assert await _person(house) == ("awaiting_partner", "invitation_pending")


async def test_a_no_of_the_person_is_told(house: House, api: httpx2.AsyncClient) -> None:
    (access_request_id,) = await _ask_for(house, api)
    await _agreed(house)
    await house.work()
    await house.tiktok.reject_invitation(seed.MAISON_LUNE, NORA)
    await house.work(3)
    (access_request,) = await _people(house)
    assert (access_request.status, access_request.code, access_request.next_actor) == (
        "blocked",
        "invitation_rejected",
        "agency",
    )
    assert "declined the invitation" in (await api.get(f"/access-requests/{access_request_id}")).json()["hint"]
    assert await _count(house, INVITE) == 1
    assert (await api.post(f"/access-requests/{access_request_id}/verification")).status_code == 202
    await house.work(2)
    assert await _person(house) == ("awaiting_partner", "invitation_pending")
    assert await _count(house, INVITE) == 2


async def test_an_admin_already_has_all_that_is_asked_for(house: House, api: httpx2.AsyncClient) -> None:
    await _ask_for(house, api)
    nora = await house.tiktok.add_person("Nora Lee", NORA)
    await house.tiktok.make_member(seed.MAISON_LUNE, nora, "ADMIN")
    await _agreed(house)
    await house.work()
    assert await _person(house) == ("verified", None)
    assert await _count(house, INVITE) == 0


async def test_three_people_at_once(house: House, api: httpx2.AsyncClient) -> None:
    emails = [f"{name}@northagency.example" for name in ("lea", "max", "zoe")]
    await _ask_for(house, api, *emails)
    await _agreed(house)
    await house.work(8)
    statuses = await house.tiktok.member_statuses(seed.MAISON_LUNE)
    assert [statuses.get(email) for email in emails] == ["PENDING"] * 3
    for email in emails:
        await house.tiktok.accept_invitation(seed.MAISON_LUNE, email)
    await house.work(3)
    assert [access_request.status for access_request in await _people(house)] == ["verified"] * 3


async def test_a_member_is_removed_and_read_as_gone(house: House, api: httpx2.AsyncClient) -> None:
    access_request_id, _ = await _ask_for(house, api, NORA, "lea@northagency.example")
    await _agreed(house)
    await house.work(8)
    await house.tiktok.accept_invitation(seed.MAISON_LUNE, NORA)
    await house.work(2)
    gone = await api.delete(f"/links/{house.world.north.link_id}/people/{access_request_id}")
    assert gone.status_code == 202, gone.text
    await house.work(3)
    assert NORA not in await house.tiktok.member_statuses(seed.MAISON_LUNE)
    assert {access_request.person_email: access_request.status for access_request in await _people(house)} == {
        NORA: "ended", "lea@northagency.example": "awaiting_partner",
    }  # fmt: skip
    assert await _count(house, DELETE) == 1


async def test_an_invitation_that_waits_is_taken_back_and_read_as_gone(house: House, api: httpx2.AsyncClient) -> None:
    (access_request_id,) = await _ask_for(house, api)
    await _agreed(house)
    await house.work()
    await api.delete(f"/links/{house.world.north.link_id}/people/{access_request_id}")
    await house.tiktok.fault(DELETE, lost=True)
    await house.work(4)
    assert NORA not in await house.tiktok.member_statuses(seed.MAISON_LUNE)
    assert await _person(house) == ("ended", None)


async def test_before_the_yes_nothing_has_to_be_taken_back(house: House, api: httpx2.AsyncClient) -> None:
    (access_request_id,) = await _ask_for(house, api)
    await api.delete(f"/links/{house.world.north.link_id}/people/{access_request_id}")
    assert await _people(house) == []
    await _agreed(house)
    await house.work()
    assert await _count(house, INVITE) == 0


async def test_without_member_management_only_people_are_blocked(house: House, api: httpx2.AsyncClient) -> None:
    await _ask_for(house, api)
    await _agreed(house)
    async with house.tools.sessions.begin() as session:
        rows = select(Connection).where(
            Connection.agency_id == house.world.north.agency_id, Connection.side == "client"
        )  # fmt: skip
        (await session.scalars(rows)).one().scopes = [100, 150, 153, 155]
    await house.tiktok.fault("bc/member/get/", code=40001)
    await house.work()
    assert {
        access_request.kind: (access_request.status, access_request.code)
        for access_request in await house.access_requests(house.world.north)
    } == {
        "ad_account": ("verified", None),
        "person": ("blocked", "scope_not_authorized"),
    }
    assert await _count(house, INVITE) == 0


async def test_the_clients_token_stays_while_an_invitation_waits(house: House, api: httpx2.AsyncClient) -> None:
    await _ask_for(house, api)
    await _agreed(house)
    await house.work()
    connection = await _client_connection(house)
    assert connection.status == "live"
    assert connection.due_at is not None
    assert (connection.due_at - connection.created_at).total_seconds() < 72 * 3600 + 600
    await house.tiktok.accept_invitation(seed.MAISON_LUNE, NORA)
    await house.work(3)
    assert (await _client_connection(house)).status == "revoked"


async def test_no_address_is_in_events_or_platform_calls(house: House, api: httpx2.AsyncClient) -> None:
    await _ask_for(house, api)
    await _agreed(house)
    await house.work()
    async with house.tools.sessions() as session:
        happened = await session.scalars(select(Event.facts).where(Event.agency_id == house.world.north.agency_id))
        kept = await session.execute(
            select(PlatformCall.request, PlatformCall.answer).where(
                PlatformCall.agency_id == house.world.north.agency_id
            )
        )
        texts = [str(each) for each in happened] + [str(tuple(each)) for each in kept]
    assert any("n…@northagency.example" in text for text in texts)
    assert not [text for text in texts if NORA in text]


async def test_a_member_without_the_ad_accounts_is_not_green_but_given_them(
    house: House, api: httpx2.AsyncClient
) -> None:
    (access_request_id,) = await _ask_for(house, api, BO)
    await house.tiktok.make_member(seed.MAISON_LUNE, seed.BUYER_BO)
    await _agreed(house)
    await house.work()
    assert await _person(house) == ("verified", None)
    assert await house.tiktok.assigned(seed.MAISON_LUNE, seed.BUYER_BO) == {seed.LUNE_EU: "ANALYST"}
    assert await _count(house, INVITE) == 0
    await house.tiktok.assign_by_hand(seed.MAISON_LUNE, seed.BUYER_BO, seed.LUNE_EU, role=None)
    await house.connect_client(house.world.north)
    await house.work(1)
    assert await _person(house) == ("drifted", "asset_not_shared")
    assert access_request_id in [access_request.id for access_request in await _people(house)]


async def test_who_was_a_member_before_stays_one_when_the_access_goes(house: House, api: httpx2.AsyncClient) -> None:
    await _ask_for(house, api, BO)
    await house.tiktok.make_member(seed.MAISON_LUNE, seed.BUYER_BO)
    await _agreed(house)
    await house.work()
    await house.connect_client(house.world.north)
    grants = (await api.get("/grants")).json()["data"]
    person = next(each for each in grants if each["kind"] == "person")
    assert (await api.post(f"/grants/{person['id']}/revocation")).status_code == 202
    await house.work()
    assert (await api.get(f"/grants/{person['id']}")).json()["status"] == "ended"
    assert await house.tiktok.assigned(seed.MAISON_LUNE, seed.BUYER_BO) == {}
    assert (await house.tiktok.member_statuses(seed.MAISON_LUNE))[BO] == "BOUND"
    assert await _count(house, DELETE) == 0
