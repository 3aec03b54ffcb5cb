"""A member's own account: name, password, sessions, and the second factor from set-up to sign-in."""

import asyncio
import re
from datetime import timedelta

import httpx2
import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from app.dashboard.desk import device
from app.dashboard.door import HALF_COOKIE
from app.dashboard.member_session import COOKIE
from app.kit import clock
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.encryption import Keyring
from app.kit.i18n.locales import english
from app.tenants.members import second_factor
from app.tenants.members import service as members
from app.tenants.members.models import Member, MemberSession
from tests.audit.test_api import log
from tests.client_portal.walk import SAME_ORIGIN, press
from tests.dashboard.conftest import PASSWORD, SignIn
from tests.world import PUBLIC_URL, World

ACCOUNT, SIGN_IN, CODE = "/desk/account", "/desk/sign-in", "/desk/sign-in/code"
FACTOR = f"{ACCOUNT}/second-factor"
NEW = "teal cactus orbit lantern"


def _other(app: FastAPI) -> httpx2.AsyncClient:
    """Another browser."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL)


async def _with_factor(browser: httpx2.AsyncClient) -> tuple[pyotp.TOTP, list[str]]:
    """Set the second factor up: the app that makes codes, and the recovery codes."""
    assert (await press(browser, ACCOUNT, FACTOR)).headers["location"] == FACTOR
    key = re.search(r'class="addr">([A-Z2-7 ]+)<', (await browser.get(FACTOR)).text)
    assert key
    made = pyotp.TOTP(key[1].replace(" ", ""))
    done = await press(browser, FACTOR, f"{FACTOR}/code", code=made.now())
    assert "Your second factor is on." in done.text
    return made, re.findall(r'class="addr">([a-z2-9]{5}-[a-z2-9]{5})<', done.text)


async def _password(browser: httpx2.AsyncClient, email: str = "owner@north.example") -> httpx2.Response:
    return await press(browser, SIGN_IN, email=email, password=PASSWORD)


async def _give(browser: httpx2.AsyncClient, code: str) -> httpx2.Response:
    return await press(browser, CODE, code=code)


def _next(made: pyotp.TOTP) -> str:
    """The code of the next time step, which is accepted once the one of now is used."""
    return made.at(clock.now() + timedelta(seconds=30))


async def test_a_member_changes_their_name(browser: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await sign_in("viewer")
    assert (await press(browser, ACCOUNT, f"{ACCOUNT}/name", name="Nora N.")).status_code == 303
    assert 'value="Nora N."' in (await browser.get(ACCOUNT)).text
    refused = await press(browser, ACCOUNT, f"{ACCOUNT}/name", name=" ")
    assert (refused.status_code, '<a href="#name">Enter your name.' in refused.text) == (422, True)


async def test_a_new_password_needs_the_current_one_and_ends_other_sessions(
    browser: httpx2.AsyncClient, app: FastAPI, sessions: Sessions, sign_in: SignIn
) -> None:
    member = await sign_in()
    async with sessions.begin() as session:
        cookie, token = await members.sign_in(session, member), await members.let_in(session, member)
    for given, said in (
        ({"current": "wrong", "password": NEW}, "This is not your current password."),
        ({"password": NEW}, "This is not your current password."),
        ({"current": PASSWORD, "password": "password123"}, "easy to guess"),
    ):
        refused = await press(browser, ACCOUNT, f"{ACCOUNT}/password", **given)
        assert (refused.status_code, said in refused.text) == (422, True), given
    async with _other(app) as other:
        other.cookies.set(COOKIE, cookie)
        assert (await other.get(ACCOUNT)).status_code == 200
        done = await press(browser, ACCOUNT, f"{ACCOUNT}/password", current=PASSWORD, password=NEW)
        assert "Your password is changed." in (await browser.get(done.headers["location"])).text
        assert (await other.get(ACCOUNT)).status_code == 303
        assert (await other.get(f"/desk/join/{token}")).status_code == 410
    assert (await press(browser, SIGN_IN, email=member.email, password=PASSWORD)).status_code == 422
    assert (await press(browser, SIGN_IN, email=member.email, password=NEW)).status_code == 303


async def test_a_session_of_a_one_time_address_asks_for_the_password_later(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn
) -> None:
    await sign_in()
    async with sessions.begin() as session:
        await session.execute(
            update(MemberSession).values(
                proof="address", authenticated_at=MemberSession.authenticated_at - members.AUTHENTICATED_FOR
            ),
            execution_options=CROSS_TENANT,
        )
    assert (await press(browser, ACCOUNT, f"{ACCOUNT}/password", password=NEW)).status_code == 422


async def test_a_member_ends_their_sessions_but_nobody_elses(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, world: World
) -> None:
    stranger = await sign_in("viewer")
    member = await sign_in()
    async with sessions.begin() as session:
        for _each in range(2):
            await members.sign_in(session, member)
        (foreign,) = await members.sessions_of(session, world.north.agency_id, stranger.id)
    page = await browser.get(ACCOUNT)
    ends = re.findall(rf'action="({ACCOUNT}/sessions/\w+/end)"', page.text)
    assert len(ends) == 2
    assert "this browser" in page.text
    await press(browser, ACCOUNT, f"{ACCOUNT}/sessions/{foreign.id}/end")
    await press(browser, ACCOUNT, ends[0])
    assert len(re.findall(r"/sessions/\w+/end", (await browser.get(ACCOUNT)).text)) == 1
    await press(browser, ACCOUNT, f"{ACCOUNT}/sessions/end")
    async with sessions() as session:
        assert len(await members.sessions_of(session, world.north.agency_id, member.id)) == 1
        assert len(await members.sessions_of(session, world.north.agency_id, stranger.id)) == 1


async def test_the_second_factor_counts_after_its_first_code(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn
) -> None:
    member = await sign_in()
    await press(browser, ACCOUNT, FACTOR)
    page = await browser.get(FACTOR)
    assert re.search(r'<svg [^>]*class="qr"', page.text)
    assert "style=" not in page.text
    assert "not right" in (await press(browser, FACTOR, f"{FACTOR}/code", code="12")).text
    assert (await _password(browser)).headers["location"] == "/desk", "not asked yet"
    async with sessions() as session:
        stored = await members.find(session, member.agency_id, member.id)
    assert stored.totp_enabled_at is None
    assert stored.totp_secret_encrypted


async def test_a_second_set_up_does_not_replace_the_first(browser: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await sign_in()
    await _with_factor(browser)
    assert (await press(browser, ACCOUNT, FACTOR)).status_code == 409
    assert (await browser.get(FACTOR)).headers["location"] == ACCOUNT, "the key is not shown again"


async def test_password_and_code_sign_in_and_lead_back(
    browser: httpx2.AsyncClient, sign_in: SignIn, app: FastAPI
) -> None:
    await sign_in()
    made, _ = await _with_factor(browser)
    async with _other(app) as other:
        half = await press(other, SIGN_IN, email="owner@north.example", password=PASSWORD, back="/desk/team")
        assert half.headers["location"] == f"{CODE}?back=%2Fdesk%2Fteam"
        assert COOKIE not in other.cookies
        other.cookies.set(COOKIE, other.cookies[HALF_COOKIE])
        assert (await other.get("/desk")).status_code == 303, "half a session is none"
        other.cookies.delete(COOKIE)
        page = await other.get(half.headers["location"])
        assert 'name="back" value="/desk/team"' in page.text
        assert "not right" in (await _give(other, "000000")).text
        done = await press(other, CODE, code=f" {_next(made)[:3]} {_next(made)[3:]}", back="/desk/team")
        assert done.headers["location"] == "/desk/team"
        assert (await other.get("/desk")).status_code == 200
        assert (await other.get(CODE)).headers["location"] == SIGN_IN, "that step is over"


async def test_the_code_leads_to_no_other_site(browser: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await sign_in()
    made, _ = await _with_factor(browser)
    await _password(browser)
    assert "evil.example" not in (await browser.get(CODE, params={"back": "//evil.example/desk/"})).text
    done = await press(browser, CODE, code=_next(made), back="//evil.example/desk/")
    assert done.headers["location"] == "/desk"


async def test_no_code_is_accepted_twice(
    browser: httpx2.AsyncClient, app: FastAPI, sessions: Sessions, sign_in: SignIn
) -> None:
    member = await sign_in()
    made, _ = await _with_factor(browser)
    async with sessions() as session:
        step = (await members.find(session, member.agency_id, member.id)).totp_last_step
    assert step
    used = made.generate_otp(step)
    async with _other(app) as other:
        await _password(other)
        assert (await _give(other, used)).status_code == 422, "it switched the second factor on"
        code = _next(made)
        assert (await _give(other, code)).status_code == 303
        await _password(other)
        assert (await _give(other, code)).status_code == 422


async def test_of_two_at_once_one_gets_in_with_a_code(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, keyring: Keyring
) -> None:
    member = await sign_in()
    _, codes = await _with_factor(browser)

    async def accepted() -> bool:
        async with sessions.begin() as session:
            return await second_factor.accepts(session, keyring, member.agency_id, member.id, codes[0])

    async with sessions.begin() as session:
        assert await second_factor.accepts(session, keyring, member.agency_id, member.id, codes[0])
        other = asyncio.create_task(accepted())
        await asyncio.sleep(0.3)
    assert not await other


async def test_a_recovery_code_works_once(
    browser: httpx2.AsyncClient, app: FastAPI, api: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn
) -> None:
    member = await sign_in()
    _, codes = await _with_factor(browser)
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    async with sessions() as session:
        stored = await members.find(session, member.agency_id, member.id)
    assert not {code.replace("-", "") for code in codes} & set(stored.recovery_codes_hash)
    async with _other(app) as other:
        await _password(other)
        assert (await _give(other, codes[3].upper())).status_code == 303
        await _password(other)
        assert (await _give(other, codes[3])).status_code == 422
        assert (await _give(other, codes[4].replace("-", ""))).status_code == 303
    assert "8 recovery codes are left" in (await browser.get(ACCOUNT)).text
    used = [each for each in await log(api, subject_id=member.id) if each["changed"] == ["recovery_codes"]]
    assert len(used) == 2
    assert not any(hash_ in str(used) for hash_ in stored.recovery_codes_hash)


async def test_new_recovery_codes_end_the_earlier_ones(browser: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await sign_in()
    _, codes = await _with_factor(browser)
    renewed = await press(browser, ACCOUNT, f"{FACTOR}/recovery-codes")
    assert codes[0] not in renewed.text
    fresh = re.findall(r'class="addr">([a-z2-9]{5}-[a-z2-9]{5})<', renewed.text)
    await _password(browser)
    assert (await _give(browser, codes[0])).status_code == 422
    assert (await _give(browser, fresh[0])).status_code == 303


async def test_a_recovery_code_is_bound_to_its_member_even_if_the_hash_is_copied(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, keyring: Keyring, world: World
) -> None:
    owner = await sign_in()
    _, codes = await _with_factor(browser)
    other = await sign_in("manager")
    await _with_factor(browser)
    async with sessions.begin() as session:
        hashes = (await members.find(session, world.north.agency_id, owner.id)).recovery_codes_hash
        (await members.find(session, world.north.agency_id, other.id)).recovery_codes_hash = hashes
        await session.flush()
        assert not await second_factor.accepts(session, keyring, world.north.agency_id, other.id, codes[0])


async def test_guessing_codes_is_throttled(browser: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await sign_in()
    made, codes = await _with_factor(browser)
    await _password(browser)
    tries = [(await _give(browser, f"{each:06}")).status_code for each in range(7)]
    assert tries[-1] == 429
    assert set(tries[:-1]) <= {422, 429}
    assert (await _give(browser, codes[0])).status_code == 429, "also for the right one"
    await _password(browser)
    assert (await _give(browser, made.now())).status_code == 429, "a new sign-in gives no new guesses"


async def test_the_code_is_taken_only_in_the_browser_of_the_password(
    browser: httpx2.AsyncClient, app: FastAPI, sign_in: SignIn
) -> None:
    await sign_in()
    _, codes = await _with_factor(browser)
    await _password(browser)
    async with _other(app) as other:
        assert (await other.get(CODE)).headers["location"] == SIGN_IN
        sent = await other.post(CODE, data={"code": codes[0]}, headers={"Sec-Fetch-Site": "same-origin"})
        assert sent.headers["location"] == SIGN_IN
        assert COOKIE not in sent.headers.get("set-cookie", "")
    wrong = await browser.post(CODE, data={"code": codes[0], "form_token": "0" * 64}, headers=SAME_ORIGIN)
    assert wrong.status_code == 403


async def test_the_second_step_ends_after_some_minutes_and_with_the_member(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, world: World
) -> None:
    owner = await sign_in()
    _, codes = await _with_factor(browser)
    await _password(browser)
    async with sessions.begin() as session:
        past = MemberSession.expires_at - members.CODE_LIFETIME
        await session.execute(
            update(MemberSession).where(MemberSession.awaits_code).values(expires_at=past),
            execution_options=CROSS_TENANT,
        )
    assert (await browser.get(CODE)).headers["location"] == SIGN_IN
    await _password(browser)
    async with sessions.begin() as session:
        await members.end_sessions(session, world.north.agency_id, owner.id)
    sent = await browser.post(CODE, data={"code": codes[0]}, headers={"Sec-Fetch-Site": "same-origin"})
    assert sent.headers["location"] == SIGN_IN


async def test_a_one_time_address_still_asks_for_the_code(
    browser: httpx2.AsyncClient, app: FastAPI, sessions: Sessions, sign_in: SignIn
) -> None:
    member = await sign_in()
    made, _ = await _with_factor(browser)
    async with sessions.begin() as session:
        token = await members.let_in(session, member)
    async with _other(app) as other:
        entered = await press(other, f"/desk/join/{token}", forgotten="yes")
        assert entered.headers["location"].startswith(CODE)
        assert (await other.get("/desk")).status_code == 303
        assert (await press(other, CODE, code=_next(made), back=ACCOUNT)).headers["location"] == ACCOUNT
        assert 'name="current"' not in (await other.get(ACCOUNT)).text


@pytest.mark.parametrize("who", ["member", "owner"])
async def test_the_second_factor_is_switched_off(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, who: str
) -> None:
    member = await sign_in("member")
    await _with_factor(browser)
    if who == "owner":
        await sign_in("owner")
        page = f"/desk/team/{member.id}"
        assert "Switch the second factor off" in (await browser.get(page)).text
        assert (await press(browser, page, f"{page}/second-factor/end")).status_code == 303
    else:
        assert (await press(browser, ACCOUNT, f"{FACTOR}/end")).status_code == 303
    async with sessions() as session:
        stored = await members.find(session, member.agency_id, member.id)
    assert (stored.totp_secret_encrypted, stored.totp_enabled_at, stored.recovery_codes_hash) == (None, None, [])
    assert (await _password(browser, member.email)).headers["location"] == "/desk"
    newest = (await log(api, subject_id=member.id, actor_kind="member"))[0]
    assert "totp_enabled_at" in newest["changed"]


@pytest.mark.parametrize("act", ["", "/end", "/recovery-codes"])
async def test_the_second_factor_changes_only_after_the_password(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, act: str
) -> None:
    await sign_in()
    if act:
        await _with_factor(browser)
    async with sessions.begin() as session:
        older = MemberSession.authenticated_at - members.AUTHENTICATED_FOR
        await session.execute(update(MemberSession).values(authenticated_at=older), execution_options=CROSS_TENANT)
        before = (await session.scalars(select(Member), execution_options=CROSS_TENANT)).one().recovery_codes_hash
    asked = await press(browser, ACCOUNT, f"{FACTOR}{act}")
    assert "Confirm that it’s you" in asked.text
    async with sessions() as session:
        now = (await session.scalars(select(Member), execution_options=CROSS_TENANT)).one()
    assert now.recovery_codes_hash == before
    assert bool(now.totp_secret_encrypted) == bool(act)


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox on Linux"),
        ("curl/8", "Unknown browser"),
    ],
)
def test_a_session_names_its_device(agent: str, said: str) -> None:
    assert english(device(agent)) == said


async def test_a_member_chooses_the_own_e_mails(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in("viewer")
    await press(browser, ACCOUNT, f"{ACCOUNT}/notices", digest="yes", notice=["done", "stuck", "<b>"])
    async with sessions() as session:
        rows = select(Member.digest, Member.notices_off).where(Member.agency_id == world.north.agency_id)
        found = (await session.execute(rows.where(Member.role == "viewer"))).one()
    assert tuple(found) == (True, ["needs_you", "drifted"])
    page = (await browser.get(f"{ACCOUNT}?done=notices")).text
    assert "Your choice is saved." in page
    assert re.search(r'value="stuck"\s+checked', page)
    assert not re.search(r'value="drifted"\s+checked', page)
