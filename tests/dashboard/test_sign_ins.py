"""Sign-ins in the audit log, how many are tried, and what outlives a session, a role or a member: nothing."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx2
import pyotp
from fastapi import FastAPI
from sqlalchemy import func, select, update

from app.kit import clock
from app.kit.actor import acting_as
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.encryption import Keyring
from app.kit.throttle import Throttle
from app.tenants.members import second_factor
from app.tenants.members import service as members
from app.tenants.members.models import Member, MemberInvitation, MemberSession, Role
from tests.audit.test_api import log
from tests.client_portal.walk import press
from tests.dashboard.conftest import CHEAP_HASH, PASSWORD, SignIn
from tests.world import PUBLIC_URL, World

SIGN_IN, CODE, ACCOUNT = "/desk/sign-in", "/desk/sign-in/code", "/desk/account"
EMAIL = "bo@north.example"


async def _member(sessions: Sessions, agency_id: str, role: Role = "member", email: str = EMAIL) -> Member:
    async with sessions.begin() as session:
        return await members.add(session, agency_id, name="Bo", email=email, role=role, password_hash=CHEAP_HASH)


async def _with_factor(sessions: Sessions, keyring: Keyring, member: Member) -> list[str]:
    """Switch the second factor of a member on: their recovery codes."""
    async with sessions.begin() as session:
        await second_factor.begin(session, keyring, member.agency_id, member.id)
        await session.flush()
        found = await members.find(session, member.agency_id, member.id)
        made = pyotp.TOTP(second_factor.pending_secret(keyring, found) or "")
        return await second_factor.confirm(session, keyring, member.agency_id, member.id, made.now()) or []


async def _of_sign_ins(api: httpx2.AsyncClient, **filters: str) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Actor, action and values of the entries about sign-ins, oldest first."""
    found = [
        (each["actor_id"], each["action"], each["after"] if each["action"] != "deleted" else each["before"])
        for each in reversed(await log(api, **filters))
        if each["subject_type"] == "member_session" or "sign_in_failed_at" in each["changed"]
    ]
    return [(actor, action, {key: value for key, value in values.items() if key != "sign_in_failed_at"})
            for actor, action, values in found]  # fmt: skip


async def test_the_audit_log_has_each_sign_in_refusal_and_end_with_its_address(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    bo = await _member(sessions, world.north.agency_id)
    await press(browser, SIGN_IN, email="nobody@north.example", password=PASSWORD)
    assert await _of_sign_ins(api) == [], "an address that nobody has"
    await press(browser, SIGN_IN, email=EMAIL.upper(), password="wrong")
    await press(browser, SIGN_IN, email=EMAIL, password=PASSWORD)
    await press(browser, "/desk", "/desk/sign-out")
    mine = {"member_id": bo.id, "proof": "password"}
    assert await _of_sign_ins(api) == [
        ("sign-in", "changed", {"sign_in_failed_with": "password"}),
        (bo.id, "created", {**mine, "awaits_code": False}),
        (bo.id, "deleted", {**mine, "awaits_code": False}),
    ]
    for entry in await log(api, limit=3):
        assert entry["network_address"], entry
        assert entry["user_agent"], entry

    codes = await _with_factor(sessions, keyring, bo)
    await press(browser, SIGN_IN, email=EMAIL, password=PASSWORD)
    await press(browser, CODE, code="000000")
    await press(browser, CODE, code=codes[0])
    async with sessions.begin() as session:
        older = MemberSession.authenticated_at - members.AUTHENTICATED_FOR
        await session.execute(update(MemberSession).values(authenticated_at=older), execution_options=CROSS_TENANT)
    await press(browser, ACCOUNT, f"{ACCOUNT}/second-factor/end", password_again="wrong")
    assert (await _of_sign_ins(api))[3:] == [
        (bo.id, "created", {**mine, "awaits_code": True}),
        ("sign-in", "changed", {"sign_in_failed_with": "code"}),
        (bo.id, "changed", {"awaits_code": False}),
        (bo.id, "changed", {"sign_in_failed_with": "password"}),
    ]


async def test_the_page_of_the_audit_log_says_it_in_words(
    browser: httpx2.AsyncClient, app: FastAPI, sessions: Sessions, keyring: Keyring, sign_in: SignIn, world: World
) -> None:
    bo = await _member(sessions, world.north.agency_id)
    await _with_factor(sessions, keyring, bo)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL) as other:
        await press(other, SIGN_IN, email=EMAIL, password="wrong")
        await press(other, SIGN_IN, email=EMAIL, password=PASSWORD)
    async with sessions.begin() as session:
        await session.execute(update(MemberSession).values(expires_at=func.now()), execution_options=CROSS_TENANT)
    assert await members.prune(sessions, clock.now() + timedelta(seconds=1), 10) == 1
    await sign_in()
    page = (await browser.get("/desk/audit")).text
    for words in (
        "Sign-in refused", "Somebody", "Not signed in", "First step of a sign-in",
        "Sign-in given up before its code", "Signed in",
    ):  # fmt: skip
        assert words in page, words
    assert re.search(r"Signed in.*?Nora North", page, re.DOTALL)


async def test_a_refused_address_of_two_agencies_is_told_to_both_and_names_nobody(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    for corner in (world.north, world.south):
        await _member(sessions, corner.agency_id)
    await press(browser, SIGN_IN, email=EMAIL, password="wrong")
    async with sessions() as session:
        rows = await session.scalars(select(Member.sign_in_failed_with), execution_options=CROSS_TENANT)
        assert list(rows) == ["password", "password"]


async def test_a_sign_in_ends_the_session_that_the_browser_had(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    first, second = [
        await _member(sessions, corner.agency_id, email=f"{corner.slug}@x.example")
        for corner in (world.north, world.south)
    ]
    for email in (first.email, second.email):
        assert (await press(browser, SIGN_IN, email=email, password=PASSWORD)).status_code == 303
    async with sessions() as session:
        assert not await members.sessions_of(session, first.agency_id, first.id)
        assert len(await members.sessions_of(session, second.agency_id, second.id)) == 1


async def test_use_extends_a_session_but_not_for_ever(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn
) -> None:
    member = await sign_in()
    mine = MemberSession.agency_id == member.agency_id
    for age, left in ((timedelta(days=3), members.SESSION_LIFETIME), (timedelta(days=89), timedelta(days=1))):
        async with sessions.begin() as session:
            await session.execute(
                update(MemberSession).where(mine).values(created_at=func.now() - age, last_used_at=func.now() - age)
            )
        assert (await browser.get("/desk")).status_code == 200
        async with sessions() as session:
            ends = await session.scalar(select(MemberSession.expires_at).where(mine))
        assert ends
        assert abs(ends - clock.now() - left) < timedelta(minutes=1), age
    async with sessions.begin() as session:
        older = func.now() - members.SESSION_LONGEST
        await session.execute(update(MemberSession).where(mine).values(created_at=older, last_used_at=older))
    await browser.get("/desk")
    assert (await browser.get("/desk")).status_code == 303


async def test_a_session_that_ended_meanwhile_takes_no_code(sessions: Sessions, keyring: Keyring, world: World) -> None:
    bo = await _member(sessions, world.north.agency_id)
    async with sessions.begin() as session:
        cookie = await members.sign_in(session, bo, awaits_code=True)
        waiting = await members.by_cookie(session, cookie, awaits_code=True)
        assert waiting
        await members.end_sessions(session, bo.agency_id, bo.id)
        assert await members.give_code(session, waiting.session) is None
        cookie = await members.sign_in(session, bo, awaits_code=True)
        waiting = await members.by_cookie(session, cookie, awaits_code=True)
        assert waiting
        made = await members.give_code(session, waiting.session)
        assert made
        assert made != cookie, "a new cookie with the second factor"
        assert await members.by_cookie(session, cookie) is None
        assert await members.give_code(session, waiting.session) is None, "once"


async def _pending(sessions: Sessions, agency_id: str) -> set[str]:
    async with sessions() as session:
        return {each.role for each in await members.pending_invitations(session, agency_id)}


async def test_what_a_member_made_ends_with_their_role_and_with_them(sessions: Sessions, world: World) -> None:
    """Else a removed owner would come back by an invitation of their own."""
    agency_id = world.north.agency_id
    await _member(sessions, agency_id, "owner", "ada@north.example")
    eve = await _member(sessions, agency_id, "owner", "eve@north.example")
    roles: tuple[Role, ...] = ("owner", "manager", "viewer")
    for role in roles:
        async with sessions.begin() as session:
            with acting_as(eve.actor):
                await members.invite(session, agency_id, email=f"{role}@x.example", role=role)
    async with sessions.begin() as session:
        await members.change_role(session, agency_id, eve.id, "manager", by="owner")
    assert await _pending(sessions, agency_id) == {"manager", "viewer"}
    async with sessions.begin() as session:
        await members.remove(session, agency_id, eve.id, by="owner")
    assert await _pending(sessions, agency_id) == set()


async def test_a_one_time_address_does_not_grow_with_the_role_of_its_member(sessions: Sessions, world: World) -> None:
    """A manager may make one for a member: it must not sign in as the owner that the member becomes."""
    bo = await _member(sessions, world.north.agency_id)
    async with sessions.begin() as session:
        await members.let_in(session, bo, by="manager")
    async with sessions.begin() as session:
        await members.change_role(session, bo.agency_id, bo.id, "owner", by="owner")
    async with sessions() as session:
        rows = await session.scalars(select(MemberInvitation.withdrawn_at).where(MemberInvitation.member_id == bo.id,
                                     MemberInvitation.agency_id == bo.agency_id))  # fmt: skip
        assert rows.one() is not None


async def test_an_old_session_neither_invites_nor_sees_the_secret_of_a_second_factor(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, world: World
) -> None:
    await sign_in()
    factor = f"{ACCOUNT}/second-factor"
    await press(browser, ACCOUNT, factor)
    assert "addr" in (await browser.get(factor)).text
    async with sessions.begin() as session:
        older = MemberSession.authenticated_at - members.AUTHENTICATED_FOR
        await session.execute(update(MemberSession).values(authenticated_at=older), execution_options=CROSS_TENANT)
    assert (await browser.get(factor)).headers["location"] == ACCOUNT
    for path, given in (
        (f"{factor}/code", {"code": "1"}),
        ("/desk/team/invitations", {"email": EMAIL, "role": "owner"}),
    ):
        asked = await press(browser, ACCOUNT, path, **given)
        assert (asked.status_code, "Confirm that it’s you" in asked.text) == (403, True), path
    assert await _pending(sessions, world.north.agency_id) == set()


async def test_guessing_is_counted_by_network_address_too(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    bo = await _member(sessions, world.north.agency_id)
    refused = [await press(browser, SIGN_IN, email="one@x.example", password="wrong")]
    async with sessions.begin() as session:
        limit = members.SIGN_INS_FROM_ADDRESS
        used_up = update(Throttle).where(Throttle.kind == limit.kind).values(full_at=clock.now() + limit.within)
        await session.execute(used_up)
    refused.append(await press(browser, SIGN_IN, email=bo.email, password=PASSWORD))
    assert [each.status_code for each in refused] == [422, 429], "for another e-mail address, too"


async def test_each_further_hash_of_an_address_in_several_agencies_is_counted(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    limit = members.SIGN_INS_FROM_ADDRESS
    for email in (EMAIL, "one@north.example", "passkey@north.example"):
        await _member(sessions, world.north.agency_id, email=email)
    await _member(sessions, world.south.agency_id)
    async with sessions.begin() as session:
        await members.add(
            session, world.south.agency_id, name="Bo", email="passkey@north.example", role="member", password_hash=None
        )
    await press(browser, SIGN_IN, email="nobody@x.example", password="wrong")
    answers = []
    for email in (EMAIL, "one@north.example", "passkey@north.example"):
        async with sessions.begin() as session:  # so that one is left
            left = clock.now() + limit.within - 1.5 * limit.step
            await session.execute(update(Throttle).where(Throttle.kind == limit.kind).values(full_at=left))
        answers.append((await press(browser, SIGN_IN, email=email, password="wrong")).status_code)
    assert answers == [429, 422, 422], "two hashes, one, and one beside a member without a password"
