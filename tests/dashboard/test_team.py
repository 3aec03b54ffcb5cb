"""The team: who reads and who acts, invitations, roles, removal, and the password that is asked once more."""

import re

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.dashboard.member_session import COOKIE
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.encryption import Keyring
from app.mail.service import Mail, MailQueue
from app.tenants.members import service as members
from app.tenants.members.models import Member, MemberSession, Role
from tests import cost
from tests.audit.test_api import log
from tests.client_portal.walk import SAME_ORIGIN, press
from tests.dashboard.conftest import CHEAP_HASH, PASSWORD, SignIn
from tests.world import PUBLIC_URL, World

TEAM = "/desk/team"
INVITE = f"{TEAM}/invitations"
ACTS = ("role", "removal", "address", "sessions/end", "second-factor/end")
#: Forms that ask for the password once more: they take access away, end something, or show or make a secret.
DANGEROUS = (
    "team/invitations", *(f"team/x/{act}" for act in ACTS), "keys/new", "keys/x/revocation", "brand/domains/x/removal",
    "brand/accounts/x/removal", "access/connection/end",
    "links/x/personal-data", "links/x/revocation", "links/x/access-requests/x/removal", "access/grants/x/removal",
    "webhooks/x/secret", "webhooks/x/secret/rotation", "webhooks/x/secret/x/end", "webhooks/x/deletion",
)  # fmt: skip


async def _colleague(sessions: Sessions, agency_id: str, role: Role = "member") -> Member:
    async with sessions.begin() as session:
        return await members.add(
            session, agency_id, name="Bo Berg", email="bo@north.example", role=role, password_hash=CHEAP_HASH
        )


async def _role(sessions: Sessions, member: Member) -> Role | None:
    async with sessions() as session:
        found = await session.get(Member, (member.agency_id, member.id))
        assert found is not None
        return None if found.removed_at else found.role


async def _make_old(sessions: Sessions) -> None:
    """Every session was authenticated long ago."""
    async with sessions.begin() as session:
        older = MemberSession.authenticated_at - members.AUTHENTICATED_FOR
        await session.execute(update(MemberSession).values(authenticated_at=older), execution_options=CROSS_TENANT)


@pytest.mark.parametrize("role", ["viewer", "member"])
async def test_who_may_not_act_reads_and_is_offered_nothing(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, world: World, role: Role
) -> None:
    await sign_in(role)
    colleague = await _colleague(sessions, world.north.agency_id, "viewer")
    page, one = await browser.get(TEAM), await browser.get(f"{TEAM}/{colleague.id}")
    assert (page.status_code, one.status_code) == (200, 200)
    assert "Bo Berg" in page.text
    assert "/invitations" not in page.text
    assert f'action="/desk/team/{colleague.id}' not in one.text
    assert (await press(browser, TEAM, INVITE, email="eve@north.example", role="viewer")).status_code == 403
    for act in ACTS:
        done = await press(browser, TEAM, f"{TEAM}/{colleague.id}/{act}", role="owner", password_again=PASSWORD)
        assert done.status_code == 403, act
    assert await _role(sessions, colleague) == "viewer"


async def test_nobody_sees_the_team_without_signing_in(browser: httpx2.AsyncClient) -> None:
    for path in (TEAM, f"{TEAM}/member_1", "/desk/account", "/desk/account/second-factor"):
        assert (await browser.get(path)).headers["location"].startswith("/desk/sign-in?back=")


async def test_another_agency_sees_and_changes_nobody_of_this_one(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, world: World
) -> None:
    colleague = await _colleague(sessions, world.north.agency_id)
    async with sessions.begin() as session:
        invited, token = await members.invite(session, world.north.agency_id, email="eve@north.example", role="viewer")
    await sign_in("owner", world.south)
    page = await browser.get(TEAM)
    assert "Bo Berg" not in page.text
    assert "eve@north.example" not in page.text
    assert (await browser.get(f"{TEAM}/{colleague.id}")).status_code == 404
    for act in ACTS:
        assert (await press(browser, TEAM, f"{TEAM}/{colleague.id}/{act}", role="owner")).status_code == 404, act
    assert (await press(browser, TEAM, f"{INVITE}/{invited.id}/withdrawal")).status_code == 404
    assert await _role(sessions, colleague) == "member"
    assert (await browser.get(f"/desk/join/{token}")).status_code == 200


async def test_unknown_and_malformed_ids_are_not_found(browser: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await sign_in()
    for member_id in ("nobody", "member_01m8q9s4w4e72tbdh31xcexw37"):
        assert (await browser.get(f"{TEAM}/{member_id}")).status_code == 404
        assert (await press(browser, TEAM, f"{INVITE}/{member_id}/withdrawal")).status_code == 404


async def test_an_invitation_is_shown_once_and_makes_a_member_until_it_is_withdrawn(
    browser: httpx2.AsyncClient, app: FastAPI, sessions: Sessions, sign_in: SignIn, world: World
) -> None:
    await sign_in("manager")
    made = await press(browser, TEAM, INVITE, email="Eve@North.example", role="member")
    address = re.search(rf"{PUBLIC_URL}(/desk/join/[\w-]{{43}})", made.text)
    assert made.status_code == 200
    assert address
    assert "this installation sends no e-mail" in made.text
    later = await browser.get(TEAM)
    assert address[1] not in later.text
    assert "eve@north.example" in later.text
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL) as other:
        assert (await other.get(address[1])).status_code == 200
        withdrawal = re.search(rf'action="({INVITE}/\w+/withdrawal)"', later.text)
        assert withdrawal
        assert (await press(browser, TEAM, withdrawal[1])).status_code == 303
        assert (await other.get(address[1])).status_code == 410
        joined = await other.post(
            address[1], data={"name": "Eve", "password": PASSWORD}, headers={"Sec-Fetch-Site": "same-origin"}
        )
        assert joined.status_code == 410
    assert "eve@north.example" not in (await browser.get(TEAM)).text
    async with sessions() as session:
        assert len(await members.every(session, world.north.agency_id)) == 1
    assert (await press(browser, TEAM, withdrawal[1])).status_code == 404, "it has ended already"


async def test_an_invitation_is_sent_where_e_mail_is_set_up(
    browser: httpx2.AsyncClient, app: FastAPI, sessions: Sessions, sign_in: SignIn, keyring: Keyring
) -> None:
    await sign_in()
    app.state.services.outbox = MailQueue(keyring, PUBLIC_URL)
    try:
        made = await press(browser, TEAM, INVITE, email="eve@north.example", role="viewer")
    finally:
        app.state.services.outbox = None
    assert "on its way by e-mail" in made.text
    async with sessions() as session:
        mail = (await session.scalars(select(Mail), execution_options=CROSS_TENANT)).one()
    assert (mail.kind, mail.to_email) == ("member_invitation", "eve@north.example")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"email": "eve", "role": "viewer"}, "Enter an e-mail address"),
        ({"email": "eve@north.example", "role": "king"}, "Choose a role."),
        ({"email": "manager@north.example", "role": "viewer"}, "is a member already"),
        ({"email": "eve@north.example", "role": "owner"}, "above your own"),
    ],
)
async def test_a_wrong_invitation_is_refused_in_words_and_what_was_typed_stays(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, world: World, given: dict[str, str], said: str
) -> None:
    await sign_in("manager")
    refused = await press(browser, TEAM, INVITE, **given)
    assert refused.status_code >= 400
    assert said in refused.text
    assert f'value="{given["email"]}"' in refused.text
    async with sessions() as session:
        assert not await members.pending_invitations(session, world.north.agency_id)


async def test_an_owner_changes_roles_and_the_audit_log_says_so(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, world: World
) -> None:
    owner = await sign_in()
    colleague = await _colleague(sessions, world.north.agency_id)
    path = f"{TEAM}/{colleague.id}"
    assert (await press(browser, path, f"{path}/role", role="owner")).status_code == 303
    assert await _role(sessions, colleague) == "owner"
    refused = await press(browser, path, f"{path}/role", role="king")
    assert (refused.status_code, '<a href="#role">Choose a role.' in refused.text) == (422, True)
    entries = await log(api, subject_id=colleague.id, actor_kind="member")
    assert [(each["actor_id"], each["before"], each["after"]) for each in entries] == [
        (owner.id, {"role": "member"}, {"role": "owner"})
    ]


async def test_no_form_lifts_a_manager_above_their_role(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, world: World
) -> None:
    manager = await sign_in("manager")
    owner = await _colleague(sessions, world.north.agency_id, "owner")
    lifted = await press(browser, TEAM, f"{TEAM}/{manager.id}/role", role="owner")
    assert lifted.status_code == 403
    assert "above your own" in lifted.text
    for act in ("role", "removal", "address", "sessions/end"):
        refused = await press(browser, TEAM, f"{TEAM}/{owner.id}/{act}", role="viewer")
        assert refused.status_code == 403, act
        assert "/desk/join/" not in refused.text
    assert (await press(browser, TEAM, f"{TEAM}/{owner.id}/second-factor/end")).status_code == 403
    assert (await _role(sessions, manager), await _role(sessions, owner)) == ("manager", "owner")
    async with sessions.begin() as session:
        invited, _ = await members.invite(session, world.north.agency_id, email="eve@north.example", role="owner")
    assert (await press(browser, TEAM, f"{INVITE}/{invited.id}/withdrawal")).status_code == 403


@pytest.mark.parametrize(("act", "given"), [("role", {"role": "viewer"}), ("removal", {})])
async def test_the_last_owner_stays(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, act: str, given: dict[str, str]
) -> None:
    owner = await sign_in()
    refused = await press(browser, f"{TEAM}/{owner.id}", f"{TEAM}/{owner.id}/{act}", **given)
    assert refused.status_code == 409
    assert "This is the last owner. Make another member an owner first." in refused.text
    assert await _role(sessions, owner) == "owner"


async def test_a_removed_member_is_out_at_once(
    browser: httpx2.AsyncClient, app: FastAPI, sessions: Sessions, sign_in: SignIn, world: World
) -> None:
    await sign_in()
    colleague = await _colleague(sessions, world.north.agency_id)
    async with sessions.begin() as session:
        cookie = await members.sign_in(session, colleague)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL) as other:
        other.cookies.set(COOKIE, cookie)
        assert (await other.get(TEAM)).status_code == 200
        assert (await press(browser, TEAM, f"{TEAM}/{colleague.id}/removal")).status_code == 303
        assert (await other.get(TEAM)).status_code == 303
    assert (await browser.get(f"{TEAM}/{colleague.id}")).status_code == 404
    assert (await press(browser, TEAM, f"{TEAM}/{colleague.id}/address")).status_code == 404


async def test_a_one_time_address_leads_to_a_new_password_without_the_old_one(
    browser: httpx2.AsyncClient, app: FastAPI, sessions: Sessions, sign_in: SignIn, world: World
) -> None:
    await sign_in()
    colleague = await _colleague(sessions, world.north.agency_id)
    made = await press(browser, TEAM, f"{TEAM}/{colleague.id}/address")
    address = re.search(r"/desk/join/[\w-]{43}", made.text)
    assert address
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL) as other:
        entered = await press(other, address[0], forgotten="yes")
        assert entered.headers["location"] == "/desk/account"
        assert 'name="current"' not in (await other.get("/desk/account")).text
        changed = await press(other, "/desk/account", "/desk/account/password", password="teal cactus orbit lantern")
        assert changed.status_code == 303
        assert 'name="current"' in (await other.get("/desk/account")).text


async def test_all_sessions_of_a_member_end(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, world: World
) -> None:
    await sign_in()
    colleague = await _colleague(sessions, world.north.agency_id)
    async with sessions.begin() as session:
        for _each in range(2):
            await members.sign_in(session, colleague)
    assert "in 2 browsers" in (await browser.get(f"{TEAM}/{colleague.id}")).text
    assert (await press(browser, TEAM, f"{TEAM}/{colleague.id}/sessions/end")).status_code == 303
    async with sessions() as session:
        assert not await members.sessions_of(session, world.north.agency_id, colleague.id)


async def test_the_password_is_asked_once_more_before_a_dangerous_act(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, world: World
) -> None:
    await sign_in()
    colleague = await _colleague(sessions, world.north.agency_id)
    await _make_old(sessions)
    path = f"{TEAM}/{colleague.id}/role"
    asked = await press(browser, TEAM, path, role="viewer")
    assert asked.status_code == 403
    assert '<input type="hidden" name="role" value="viewer">' in asked.text
    assert await _role(sessions, colleague) == "member"
    wrong = await press(browser, TEAM, path, role="viewer", password_again="wrong")
    assert "This is not your password." in wrong.text
    assert await _role(sessions, colleague) == "member"
    assert (await press(browser, TEAM, path, role="viewer", password_again=PASSWORD)).status_code == 303
    assert await _role(sessions, colleague) == "viewer"
    assert (await press(browser, TEAM, path, role="manager")).status_code == 303, "recent again"
    await _make_old(sessions)
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', (await browser.get(TEAM)).text)
    assert token
    for path in DANGEROUS:
        sent = {"form_token": token[1], "typed": "as it was"}
        asked = await browser.post(f"/desk/{path}", data=sent, headers=SAME_ORIGIN)
        assert (asked.status_code, "Confirm that it’s you" in asked.text) == (403, True), path
        assert '<input type="hidden" name="typed" value="as it was">' in asked.text, path


async def test_guessing_the_own_password_is_throttled(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn
) -> None:
    owner = await sign_in()
    await _make_old(sessions)
    path = f"{TEAM}/{owner.id}/sessions/end"
    tries = [await press(browser, TEAM, path, password_again=f"guess {each}") for each in range(9)]
    assert [each.status_code for each in tries] == [403] * 8 + [429]
    assert (await press(browser, TEAM, path, password_again=PASSWORD)).status_code == 429


@pytest.mark.parametrize(
    "path",
    [
        INVITE, f"{INVITE}/x/withdrawal", *(f"{TEAM}/x/{act}" for act in ACTS), "/desk/account/name",
        "/desk/account/password", "/desk/account/sessions/end", "/desk/account/sessions/x/end",
        "/desk/account/second-factor", "/desk/account/second-factor/code", "/desk/account/second-factor/end",
        "/desk/account/second-factor/recovery-codes",
    ],
)  # fmt: skip
async def test_a_form_without_its_token_is_refused(browser: httpx2.AsyncClient, sign_in: SignIn, path: str) -> None:
    await sign_in()
    for given in ({}, {"form_token": "0" * 64}):
        assert (await browser.post(path, data=given, headers=SAME_ORIGIN)).status_code == 403


async def test_the_page_needs_as_many_statements_for_many_members(
    browser: httpx2.AsyncClient, sessions: Sessions, engine: AsyncEngine, sign_in: SignIn, world: World
) -> None:
    await sign_in()

    async def statements() -> int:
        with cost.meter(engine) as meter:
            async with meter.measure() as needed:
                assert (await browser.get(TEAM)).status_code == 200
        return len(needed.statements)

    await statements()  # connections are opened
    few = await statements()
    async with sessions.begin() as session:
        for each in range(30):
            await members.add(
                session, world.north.agency_id, name=f"M {each}", email=f"m{each}@north.example", role="viewer",
                password_hash=CHEAP_HASH,
            )  # fmt: skip
    assert await statements() == few
    assert "31 members can sign in" in (await browser.get(TEAM)).text


async def test_an_agency_has_so_many_invitations_at_a_time(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, world: World
) -> None:
    await sign_in()
    async with sessions.begin() as session:
        for _ in range(members.MOST_INVITATIONS):
            await members.invite(session, world.north.agency_id, email=None, role="viewer")
    refused = await press(browser, TEAM, INVITE, email="eve@north.example", role="viewer")
    assert refused.status_code == 409
    assert "Too many invitations are waiting to be used. Withdraw those that are not needed any more" in refused.text
    assert "eve@north.example" in refused.text, "what was typed stays"
    by_program = await api.post("/members/invitations", json={"email": "eve@north.example", "role": "viewer"})
    assert (by_program.status_code, by_program.json()["code"]) == (409, "too_many_invitations")


async def test_a_new_one_time_address_ends_the_one_before(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, world: World
) -> None:
    await sign_in()
    colleague = await _colleague(sessions, world.north.agency_id)
    async with sessions.begin() as session:
        for_another = await members.let_in(session, await _colleague_of(session, world.south.agency_id))
    addresses = []
    for _ in range(2):
        made = await press(browser, f"{TEAM}/{colleague.id}", f"{TEAM}/{colleague.id}/address")
        addresses += re.findall(r"/desk/join/[\w-]+", made.text)
    async with sessions() as session:
        (pending,) = await members.pending_invitations(session, world.north.agency_id)
        assert pending.member_id == colleague.id
        assert len(await members.pending_invitations(session, world.south.agency_id)) == 1
    browser.cookies.clear()
    assert [(await browser.get(each)).status_code for each in (*addresses, f"/desk/join/{for_another}")] == [
        410, 200, 200,
    ]  # fmt: skip


async def _colleague_of(session: AsyncSession, agency_id: str) -> Member:
    return await members.add(
        session, agency_id, name="Cy Sand", email="cy@south.example", role="viewer", password_hash=CHEAP_HASH
    )
