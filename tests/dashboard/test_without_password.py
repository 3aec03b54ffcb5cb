"""Members without a password: they join by provider or passkey, confirm with it, and keep a way to sign in."""

import html
import json
import re
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from app import installation
from app.dashboard.member_session import COOKIE
from app.dashboard.oidc_sign_in import COOKIE as ATTEMPT
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.oidc import OidcAttempt, OidcClient
from app.settings import Settings
from app.tenants.agencies.models import Agency
from app.tenants.members import passkeys
from app.tenants.members import service as members
from app.tenants.members.models import Member, MemberSession, Role
from app.tenants.members.passkeys import MemberPasskey
from tests.authenticator import Authenticator
from tests.client_portal.walk import SAME_ORIGIN, press
from tests.dashboard.conftest import CHEAP_HASH, PASSWORD, SignIn
from tests.dashboard.provider import BO, EVE, MUTE, NORA, at_provider, come_back, of_settings
from tests.world import PUBLIC_URL, World

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ACCOUNT, FACTOR = "/desk/account", "/desk/account/second-factor"
SIGN_IN, OIDC = "/desk/sign-in", "/desk/oidc/oidc"


@pytest.fixture
def settings(settings: Settings, issuer: str) -> Settings:
    """With the provider."""
    return settings.model_copy(update=of_settings(issuer))


async def _invited(sessions: Sessions, agency_id: str, email: str | None = "bo@north.example") -> str:
    """The path of a new invitation."""
    async with sessions.begin() as session:
        _, token = await members.invite(session, agency_id, email=email, role="member")
    return f"/desk/join/{token}"


async def _join(browser: httpx2.AsyncClient, path: str, person: str, **typed: str) -> httpx2.Response:
    away = await press(browser, path, f"{OIDC}/join", invitation=path.rpartition("/")[2], **typed)
    assert away.status_code == 303, away.text
    return await come_back(browser, await at_provider(away.headers["location"], person))


async def _one(sessions: Sessions, agency_id: str) -> Member:
    async with sessions() as session:
        (member,) = await members.every(session, agency_id)
    return member


async def _long_ago(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        older = MemberSession.authenticated_at - members.AUTHENTICATED_FOR
        await session.execute(update(MemberSession).values(authenticated_at=older), execution_options=CROSS_TENANT)


async def _without_providers(app: FastAPI) -> None:
    app.state.services.sign_ins = {}


async def test_a_provider_accepts_an_invitation_signs_in_and_confirms(
    browser: httpx2.AsyncClient, app: FastAPI, sessions: Sessions, world: World
) -> None:
    path = await _invited(sessions, world.north.agency_id)
    page = await browser.get(path)
    assert "Join with North’s login" in page.text
    done = await _join(browser, path, BO)
    assert (done.status_code, done.headers["location"]) == (303, "/desk")
    bo = await _one(sessions, world.north.agency_id)
    assert (bo.name, bo.email, bo.role, bo.password_hash) == ("Bo", "bo@north.example", "member", None)
    assert (await browser.get(path)).status_code == 410, "it works once"
    account = await browser.get(ACCOUNT)
    assert "You have no password." in account.text
    assert "With North’s login" in account.text

    await _long_ago(sessions)
    asked = await press(browser, ACCOUNT, FACTOR)
    assert (asked.status_code, 'type="password"' in asked.text) == (403, False), "there is none to ask for"
    assert "North’s login again" in asked.text
    waiting = html.unescape(re.findall(r'name="act" value="([^"]*)"', asked.text)[0])
    away = await press(browser, ACCOUNT, f"{OIDC}/again", act=waiting)
    confirmed = await come_back(browser, await at_provider(away.headers["location"], BO))
    assert f'action="{FACTOR}"' in confirmed.text
    assert (await press(browser, ACCOUNT, FACTOR)).status_code == 303

    browser.cookies.clear()
    for password in ("", "None", PASSWORD):
        refused = await press(browser, SIGN_IN, email="bo@north.example", password=password)
        assert refused.status_code == 422, "no password is not an empty one"
    away = await press(browser, SIGN_IN, OIDC)
    assert (await come_back(browser, await at_provider(away.headers["location"], BO))).status_code == 303
    assert (await browser.get(ACCOUNT)).status_code == 200


async def test_only_the_verified_invited_address_accepts_and_the_invitation_stays(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, world: World
) -> None:
    path = await _invited(sessions, world.north.agency_id)
    for person, status, said in (
        (NORA, 403, "for another e-mail address"), (EVE, 403, "has not verified"), (MUTE, 403, "has not verified")
    ):  # fmt: skip
        refused = await _join(browser, path, person)
        assert (refused.status_code, said in refused.text) == (status, True), person
    assert (await browser.get(path)).status_code == 200
    async with sessions() as session:
        assert not await members.every(session, world.north.agency_id)
    named = await _invited(sessions, world.south.agency_id, "nora@north.example")
    assert (await _join(browser, named, NORA, name="Nora <N>")).status_code == 303
    assert (await _one(sessions, world.south.agency_id)).name == "Nora <N>"
    taken = await _join(browser, await _invited(sessions, world.north.agency_id, None), NORA)
    assert (taken.status_code, "signs in with this account already" in taken.text) == (409, True)
    anybody = await _invited(sessions, world.north.agency_id, None)
    assert (await _join(browser, anybody, BO)).status_code == 303
    assert (await _one(sessions, world.north.agency_id)).email == "bo@north.example"
    async with sessions.begin() as session:
        entering = await members.let_in(session, await _one(sessions, world.south.agency_id))
    assert (await _join(browser, f"/desk/join/{entering}", EVE)).status_code == 403, (
        "an address to enter is no invitation"
    )


async def test_the_attempt_of_another_browser_accepts_nothing(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    path = await _invited(sessions, world.north.agency_id)
    token = path.rpartition("/")[2]
    shown = await browser.post(f"{OIDC}/join", data={"invitation": token}, headers=SAME_ORIGIN)
    assert shown.status_code == 403, "a form that this browser was not shown"
    away = await press(browser, path, f"{OIDC}/join", invitation=token)
    query = await at_provider(away.headers["location"], BO)
    browser.cookies.delete(ATTEMPT)
    assert (await come_back(browser, query)).status_code == 409
    unknown = await press(browser, path, f"{OIDC}/join", invitation="x" * 43)
    assert unknown.status_code == 410


async def test_a_passkey_accepts_an_invitation_of_its_own_only(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    host = urlsplit(PUBLIC_URL).hostname or ""
    path, other = await _invited(sessions, world.north.agency_id), await _invited(sessions, world.south.agency_id)
    made = Authenticator(PUBLIC_URL, host)

    async def options(at: str) -> dict[str, object]:
        found: dict[str, object] = json.loads((await press(browser, at, f"{at}/passkey/options")).text)
        return found

    assert "Join with a passkey" in (await browser.get(path)).text
    nameless = await press(browser, path, f"{path}/passkey", answer=made.create(await options(path)))
    assert (nameless.status_code, "Enter your name." in nameless.text) == (422, True)
    foreign = await press(browser, other, f"{other}/passkey", name="Bo", answer=made.create(await options(path)))
    assert (foreign.status_code, "too long, or was sent twice" in foreign.text) == (422, True)
    assert "needs JavaScript" in (await press(browser, path, f"{path}/passkey", name="Bo")).text
    done = await press(browser, path, f"{path}/passkey", name="Bo", answer=made.create(await options(path)))
    assert (done.status_code, done.headers["location"]) == (303, "/desk")
    bo = await _one(sessions, world.north.agency_id)
    assert (bo.name, bo.email, bo.password_hash) == ("Bo", "bo@north.example", None)

    account = await browser.get(ACCOUNT)
    assert "Your only way to sign in" in account.text
    assert "/removal" not in account.text
    async with sessions() as session:
        (kept,) = await passkeys.of_member(session, bo.agency_id, bo.id)
    removal = f"{ACCOUNT}/passkeys/{kept.id}/removal"
    refused = await press(browser, ACCOUNT, removal)
    assert (refused.status_code, "This is your only way to sign in." in refused.text) == (409, True)

    assert (await press(browser, ACCOUNT, f"{ACCOUNT}/password/new")).status_code == 303
    await _long_ago(sessions)
    early = await press(browser, ACCOUNT, f"{ACCOUNT}/password", password="teal cactus orbit lantern")
    assert early.headers["location"] == f"{ACCOUNT}#the-password"
    assert (await press(browser, ACCOUNT, f"{ACCOUNT}/password/new")).status_code == 403, "not recent"
    assert (await _one(sessions, bo.agency_id)).password_hash is None, "a stolen cookie sets none"

    browser.cookies.clear()
    given = json.loads((await press(browser, SIGN_IN, f"{SIGN_IN}/passkey/options")).text)
    signed_in = await press(browser, SIGN_IN, f"{SIGN_IN}/passkey", answer=made.get(given))
    assert signed_in.status_code == 303
    set_now = await press(browser, ACCOUNT, f"{ACCOUNT}/password", password="teal cactus orbit lantern")
    assert set_now.headers["location"] == f"{ACCOUNT}?done=password"
    assert (await press(browser, ACCOUNT, removal)).status_code == 303, "the password is left"
    browser.cookies.clear()
    again = await press(browser, SIGN_IN, email="bo@north.example", password="teal cactus orbit lantern")
    assert again.status_code == 303


async def test_a_blocked_passkey_is_no_way_and_the_last_owner_keeps_one(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn
) -> None:
    owner = await sign_in()
    async with sessions.begin() as session:
        (found,) = await members.every(session, owner.agency_id)
        found.password_hash = None
        session.add_all(
            MemberPasskey(
                agency_id=owner.agency_id, id=f"passkey_01ksy1q3e0fzs8qj5m8g3d4w7{end}", member_id=owner.id, name=end,
                sign_count=0, credential_id=end.encode(), public_key=b"",
                blocked_at=owner.created_at if end == "s" else None,
            )
            for end in "rs"
        )  # fmt: skip
    path = f"{ACCOUNT}/passkeys/passkey_01ksy1q3e0fzs8qj5m8g3d4w7"
    assert (await press(browser, ACCOUNT, f"{path}r/removal")).status_code == 409
    all_of_them = f"/desk/team/{owner.id}/second-factor/end"
    assert (await press(browser, ACCOUNT, all_of_them)).status_code == 409, "not from the team's page either"
    assert (await press(browser, ACCOUNT, f"{path}s/removal")).status_code == 303
    async with sessions() as session:
        assert [each.name for each in await passkeys.of_member(session, owner.agency_id, owner.id)] == ["r"]


async def test_after_the_provider_is_gone_a_one_time_address_leads_back(
    browser: httpx2.AsyncClient, app: FastAPI, sessions: Sessions, settings: Settings, world: World
) -> None:
    path = await _invited(sessions, world.north.agency_id)
    await _join(browser, path, BO)
    plain = settings.model_copy(update=dict.fromkeys(of_settings(""), ""))
    bo = await _one(sessions, world.north.agency_id)
    await _without_providers(app)
    assert "You have no way to sign in again." in (await browser.get(ACCOUNT)).text
    await _long_ago(sessions)
    asked = await press(browser, ACCOUNT, FACTOR)
    assert (asked.status_code, "no longer set up here" in asked.text) == (403, True)
    async with sessions.begin() as session:
        owner = await members.add(
            session, bo.agency_id, name="Ada", email="ada@north.example", role="owner", password_hash=CHEAP_HASH
        )
        browser.cookies.set(COOKIE, await members.sign_in(session, owner))
    assert "No way to sign in" in (await browser.get("/desk/team")).text
    found = {each.what: each for each in await installation.for_agencies(plain, sessions, bo.agency_id)}
    assert (found["members"].status, found["members"].words[-4:]) == ("limited", " Bo.")
    made = await press(browser, "/desk/team", f"/desk/team/{bo.id}/address")
    address = re.search(r"/desk/join/[\w-]{43}", made.text)
    assert address
    browser.cookies.clear()
    entered = await press(browser, address[0], forgotten="yes")
    assert entered.headers["location"] == ACCOUNT
    done = await press(browser, ACCOUNT, f"{ACCOUNT}/password", password="teal cactus orbit lantern")
    assert done.headers["location"] == f"{ACCOUNT}?done=password"


async def test_the_first_owner_comes_from_the_provider(browser: httpx2.AsyncClient, sessions: Sessions) -> None:
    async with sessions.begin() as session:
        code = await members.new_setup_code(session)
    path = f"/desk/setup/{code}"
    assert "Create it with North’s login" in (await browser.get(path)).text
    refused = await press(browser, path, f"{OIDC}/setup", code=code, agency="")
    assert (refused.status_code, "Enter the name of your agency." in refused.text) == (422, True)
    for person, status in ((MUTE, 403), (NORA, 303)):
        away = await press(browser, path, f"{OIDC}/setup", code=code, agency="Café & Co")
        assert dict(parse_qsl(urlsplit(away.headers["location"]).query))["client_id"] == "keyturn"
        done = await come_back(browser, await at_provider(away.headers["location"], person))
        assert done.status_code == status, person
    assert done.headers["location"] == "/desk/first-steps"
    assert (await browser.get(path)).status_code == 410
    async with sessions() as session:
        agency = (await session.scalars(select(Agency).where(Agency.name == "Café & Co"))).one()
        (owner,) = await members.every(session, agency.id)
    role: Role = "owner"
    assert (owner.name, owner.email, owner.role, owner.password_hash) == (
        "Nora North",
        "nora@north.example",
        role,
        None,
    )


async def test_no_connection_is_held_while_the_provider_is_asked(
    browser: httpx2.AsyncClient, sessions: Sessions, engine: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, begin = [], OidcClient.begin

    async def watched(client: OidcClient, **given: bool) -> OidcAttempt:
        held.append(engine.pool.checkedout())  # type: ignore[attr-defined] # of a pool with a queue
        return await begin(client, **given)

    monkeypatch.setattr(OidcClient, "begin", watched)
    async with sessions.begin() as session:
        code = await members.new_setup_code(session)
    path = await _invited(sessions, world.north.agency_id)
    assert (await press(browser, path, f"{OIDC}/join", invitation=path.rpartition("/")[2])).status_code == 303
    set_up = await press(browser, f"/desk/setup/{code}", f"{OIDC}/setup", code=code, agency="Café")
    assert set_up.status_code == 303
    assert held == [0, 0]
