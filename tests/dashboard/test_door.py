"""In front of the dashboard: the first run, invitations, signing in and out, and what keeps others out."""

import re
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import func, select, update

from app.dashboard.member_session import COOKIE
from app.kit import clock
from app.kit.database import CROSS_TENANT, Sessions
from app.tenants.agencies.models import Agency
from app.tenants.members import passwords
from app.tenants.members import service as members
from app.tenants.members.models import Member, MemberInvitation, MemberSession, Role, SetupCode
from tests.client_portal.walk import SAME_ORIGIN, press
from tests.dashboard.conftest import CHEAP_HASH, PASSWORD, SignIn
from tests.world import World

SIGN_IN = "/desk/sign-in"
EMAIL = "nora@north.example"


async def _member(sessions: Sessions, agency_id: str, role: Role = "owner", email: str = EMAIL) -> Member:
    async with sessions.begin() as session:
        return await members.add(session, agency_id, name="Nora", email=email, role=role, password_hash=CHEAP_HASH)


def _cookie(answer: httpx2.Response) -> str:
    return next((each for each in answer.headers.get_list("set-cookie") if each.startswith(COOKIE)), "")


async def test_the_first_run_makes_an_agency_and_its_owner(browser: httpx2.AsyncClient, sessions: Sessions) -> None:
    async with sessions.begin() as session:
        code = await members.new_setup_code(session)
    path = f"/desk/setup/{code}"
    given = {"agency": "Café & Co", "name": "Ada", "email": "Ada@Cafe.example", "password": PASSWORD}
    done = await press(browser, path, **given)
    assert (done.status_code, done.headers["location"]) == (303, "/desk/first-steps")
    home = await browser.get("/desk")
    assert "Café &amp; Co" in home.text
    assert "Owner" in home.text
    async with sessions() as session:
        agency = (await session.scalars(select(Agency).where(Agency.name == "Café & Co"))).one()
        assert (agency.slug, agency.contact_email) == ("caf-co", "Ada@cafe.example")
        (owner,) = await members.every(session, agency.id)
        assert (owner.email, owner.role) == ("ada@cafe.example", "owner")
    assert (await browser.get(path)).status_code == 410, "it works once"


async def test_a_setup_code_ends_with_a_later_one_and_after_a_day(
    browser: httpx2.AsyncClient, sessions: Sessions
) -> None:
    async with sessions.begin() as session:
        first = await members.new_setup_code(session)
    async with sessions.begin() as session:
        second = await members.new_setup_code(session)
    assert (await browser.get(f"/desk/setup/{first}")).status_code == 410
    assert (await browser.get(f"/desk/setup/{second}")).status_code == 200
    async with sessions.begin() as session:
        await session.execute(update(SetupCode).values(expires_at=func.now()))
    assert (await browser.get(f"/desk/setup/{second}")).status_code == 410, "after a day"


async def test_what_was_typed_stays_when_something_is_missing(browser: httpx2.AsyncClient, sessions: Sessions) -> None:
    async with sessions.begin() as session:
        code = await members.new_setup_code(session)
    given = {"agency": "Café", "name": "", "email": "ada", "password": "password123"}
    refused = await press(browser, f"/desk/setup/{code}", **given)
    assert refused.status_code == 422
    for words in ("Enter your name.", "easy to guess", 'value="Café"', 'value="ada"'):
        assert words in refused.text
    assert "password123" not in refused.text
    assert (await browser.get(f"/desk/setup/{code}")).status_code == 200, "the code is still good"


async def test_an_invitation_makes_a_member_of_its_agency_and_role_once(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    async with sessions.begin() as session:
        _, token = await members.invite(session, world.north.agency_id, email="bo@north.example", role="viewer")
    path = f"/desk/join/{token}"
    assert world.north.name in (await browser.get(path)).text
    done = await press(browser, path, name="Bo", email="somebody@else.example", password=PASSWORD)
    assert done.status_code == 303
    async with sessions() as session:
        (member,) = await members.every(session, world.north.agency_id)
    assert (member.name, member.email, member.role) == ("Bo", "bo@north.example", "viewer"), "as invited"
    assert (await browser.get(path)).status_code == 410
    again = await browser.post(
        path, data={"name": "Eve", "password": PASSWORD}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert again.status_code == 410


async def test_an_invitation_ends_after_a_week(browser: httpx2.AsyncClient, sessions: Sessions, world: World) -> None:
    async with sessions.begin() as session:
        _, token = await members.invite(session, world.north.agency_id, email=None, role="owner")
        older = MemberInvitation.expires_at - members.INVITATION_LIFETIME - timedelta(seconds=1)
        await session.execute(update(MemberInvitation).values(expires_at=older), execution_options=CROSS_TENANT)
    assert (await browser.get(f"/desk/join/{token}")).status_code == 410


async def test_a_one_time_address_signs_a_member_in_without_the_password(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    member = await _member(sessions, world.north.agency_id)
    async with sessions.begin() as session:
        token = await members.let_in(session, member)
    assert "Continue as Nora" in (await browser.get(f"/desk/join/{token}")).text
    assert (await press(browser, f"/desk/join/{token}")).status_code == 303
    assert (await browser.get("/desk")).status_code == 200
    assert (await browser.get(f"/desk/join/{token}")).status_code == 410


async def test_e_mail_and_password_open_a_session_that_leads_back(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    await _member(sessions, world.north.agency_id)
    away = await browser.get("/desk", params={"turn": "client"})
    assert away.status_code == 303
    back = httpx2.URL(away.headers["location"]).params["back"]
    done = await press(browser, SIGN_IN, email=EMAIL.upper(), password=PASSWORD, back=back)
    assert (done.status_code, done.headers["location"]) == (303, "/desk?turn=client")
    cookie = _cookie(done)
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/desk" in cookie
    assert "Secure" in cookie
    assert (await browser.get("/desk")).status_code == 200


@pytest.mark.parametrize(("email", "password"), [(EMAIL, "wrong horse"), ("who@north.example", PASSWORD), ("", "")])
async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World, monkeypatch: pytest.MonkeyPatch,
    email: str, password: str,
) -> None:  # fmt: skip
    await _member(sessions, world.north.agency_id)
    compared, matches = [], passwords.matches

    async def noted(given: str, stored: str | None) -> bool:
        compared.append(given)
        return await matches(given, stored)

    monkeypatch.setattr(passwords, "matches", noted)
    refused = await press(browser, SIGN_IN, email=email, password=password)
    assert compared == ([password] if email else []), "one hash, which takes most of the time"
    assert refused.status_code == 422
    assert "don’t belong together" in refused.text
    assert not _cookie(refused)


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example",
        "/desk//evil.example",
        "/desk/\\evil.example",
        "/\\evil.example",
        "/l/x",
        "/deskevil",
    ],
)
async def test_a_sign_in_leads_nowhere_else(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World, back: str
) -> None:
    await _member(sessions, world.north.agency_id)
    assert back not in (await browser.get(SIGN_IN, params={"back": back})).text
    done = await press(browser, SIGN_IN, email=EMAIL, password=PASSWORD, back=back)
    assert done.headers["location"] == "/desk"


async def test_guessing_is_slowed_down_also_for_the_right_password(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    await _member(sessions, world.north.agency_id)
    answers = [
        (await press(browser, SIGN_IN, email=EMAIL, password="wrong horse")).status_code
        for _ in range(members.SIGN_INS_OF_EMAIL.most + 1)
    ]
    assert answers == [422] * members.SIGN_INS_OF_EMAIL.most + [429]
    right = await press(browser, SIGN_IN, email=EMAIL, password=PASSWORD)
    assert right.status_code == 429
    assert "Too many attempts" in right.text


async def test_a_session_before_the_sign_in_is_not_taken_over(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    """Session fixation: the cookie that the browser had is not the one that the sign-in opens."""
    await _member(sessions, world.north.agency_id)
    planted = "x" * 43
    browser.cookies.set(COOKIE, planted)
    done = await press(browser, SIGN_IN, email=EMAIL, password=PASSWORD)
    assert planted not in _cookie(done)
    browser.cookies.clear()
    browser.cookies.set(COOKIE, planted)
    assert (await browser.get("/desk")).status_code == 303


async def test_signing_out_ends_this_session_only(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions
) -> None:
    member = await sign_in()
    async with sessions.begin() as session:
        await members.sign_in(session, member)
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', (await browser.get("/desk")).text)
    assert token
    foreign = await browser.post("/desk/sign-out", data={"form_token": "0" * 64}, headers=SAME_ORIGIN)
    assert foreign.status_code == 403
    elsewhere = await browser.post(
        "/desk/sign-out", data={"form_token": token[1]}, headers={"Origin": "https://evil.example"}
    )
    assert elsewhere.status_code == 403
    done = await browser.post("/desk/sign-out", data={"form_token": token[1]}, headers=SAME_ORIGIN)
    assert done.status_code == 303
    async with sessions() as session:
        left = select(func.count()).select_from(MemberSession).where(MemberSession.agency_id == member.agency_id)
        assert await session.scalar(left) == 1


async def test_a_removed_member_and_an_old_session_are_out(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions
) -> None:
    member = await sign_in("viewer")
    assert (await browser.get("/desk")).status_code == 200
    async with sessions.begin() as session:
        await session.execute(
            update(MemberSession)
            .where(MemberSession.agency_id == member.agency_id)
            .values(expires_at=func.now() - timedelta(seconds=1))
        )
    assert (await browser.get("/desk")).status_code == 303
    removed = await sign_in("manager")
    assert (await browser.get("/desk")).status_code == 200
    async with sessions.begin() as session:
        (await members.find(session, removed.agency_id, removed.id)).removed_at = clock.now()
    assert (await browser.get("/desk")).status_code == 303, "even with a session left"


@pytest.mark.parametrize(("headers", "extended"), [({}, True), ({"HX-Request": "true"}, False)])
async def test_only_what_the_member_does_extends_a_session(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, headers: dict[str, str], extended: bool
) -> None:
    member = await sign_in()
    mine = MemberSession.agency_id == member.agency_id
    async with sessions.begin() as session:
        earlier = func.now() - timedelta(hours=1)
        await session.execute(update(MemberSession).where(mine).values(last_used_at=earlier))
    assert (await browser.get("/desk", headers=headers)).status_code == 200
    async with sessions() as session:
        used = await session.scalar(select(MemberSession.last_used_at).where(mine))
    assert used
    assert (clock.now() - used < timedelta(minutes=1)) == extended


async def test_the_last_owner_stays(sessions: Sessions, world: World) -> None:
    agency_id = world.north.agency_id
    owner = await _member(sessions, agency_id)
    for change in (
        lambda session: members.remove(session, agency_id, owner.id, by="owner"),
        lambda session: members.change_role(session, agency_id, owner.id, "viewer", by="owner"),
    ):
        with pytest.raises(members.LastOwner):
            async with sessions.begin() as session:
                await change(session)
    other = await _member(sessions, agency_id, email="bo@north.example")
    async with sessions.begin() as session:
        await members.remove(session, agency_id, owner.id, by="owner")
        assert [each.id for each in await members.every(session, agency_id)] == [other.id]


@pytest.mark.parametrize(("by", "role"), [("manager", "owner"), ("member", "manager"), ("viewer", "member")])
async def test_nobody_gives_or_takes_a_role_above_their_own(
    sessions: Sessions, world: World, by: Role, role: Role
) -> None:
    agency_id = world.north.agency_id
    member = await _member(sessions, agency_id, role)
    async with sessions() as session:
        with pytest.raises(members.RoleTooHigh):
            await members.invite(session, agency_id, email="eve@north.example", role=role, by=by)
        with pytest.raises(members.RoleTooHigh):
            await members.let_in(session, member, by=by)
        with pytest.raises(members.RoleTooHigh):
            await members.remove(session, agency_id, member.id, by=by)


@pytest.mark.parametrize("password", ["", "short", "password1234", "northagency2026", "nora@north.example", "x" * 200])
def test_a_weak_password_is_refused(password: str) -> None:
    assert passwords.problem(password, ("Nora", "nora@north.example", "North Agency"))


def test_four_words_are_a_password() -> None:
    assert passwords.problem(PASSWORD) is None


async def test_hashes_are_salted_argon2id_and_match_their_password_only() -> None:
    first, second = await passwords.hashed(PASSWORD), await passwords.hashed(PASSWORD)
    assert first != second
    assert first.startswith("$argon2id$")
    assert await passwords.matches(PASSWORD, first)
    assert not await passwords.matches(PASSWORD + "x", first)
    assert not await passwords.matches("nobody", None)
    assert not await passwords.matches(PASSWORD, "no hash")


@pytest.mark.parametrize("path", [SIGN_IN, "/desk"])
async def test_pages_are_not_kept_framed_or_indexed(browser: httpx2.AsyncClient, sign_in: SignIn, path: str) -> None:
    await sign_in()
    headers = (await browser.get(path)).headers
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "script-src 'self'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex"
    for other in ("/healthz", "/api/v1/me", "/desk/nothing", "/static/css/desk.css"):
        headers = (await browser.get(other)).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"], other
        assert (headers.get("cache-control") == "no-store") == (not other.startswith("/static/")), other


async def test_a_foreign_host_name_is_led_nowhere(browser: httpx2.AsyncClient) -> None:
    """The installation and the agencies' domains have pages; the name of another one is in no address at all."""
    for path in ("/desk", SIGN_IN):
        refused = await browser.get(path, headers={"Host": "evil.example"})
        assert (refused.status_code, "location" in refused.headers) == (421, False)
        assert "evil.example" not in refused.text
