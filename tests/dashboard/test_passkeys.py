"""Passkeys: added, named and removed by their member; signing in with one; every answer that is not quite right."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update
from webauthn.helpers import bytes_to_base64url

from app.dashboard.door import HALF_COOKIE
from app.dashboard.member_session import COOKIE
from app.kit import clock, ids
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.encryption import Keyring
from app.kit.throttle import Throttle
from app.tenants.members import passkeys
from app.tenants.members import service as members
from app.tenants.members.models import Member, MemberSession
from app.tenants.members.passkeys import MemberPasskey, PasskeyChallenge, relying_party
from tests.audit.test_api import log
from tests.authenticator import PRESENT, Authenticator
from tests.client_portal.walk import SAME_ORIGIN, press
from tests.dashboard.conftest import CHEAP_HASH, SignIn
from tests.world import PUBLIC_URL, World

ACCOUNT, SIGN_IN = "/desk/account", "/desk/sign-in"
PASSKEYS = f"{ACCOUNT}/passkeys"
NEW = f"{PASSKEYS}/new"


def _authenticator() -> Authenticator:
    return Authenticator(PUBLIC_URL, urlsplit(PUBLIC_URL).hostname or "")


async def _options(browser: httpx2.AsyncClient, page: str, path: str) -> Any:
    answer = await press(browser, page, path)
    assert answer.headers["content-type"] == "application/json", answer.text
    assert answer.headers["cache-control"] == "no-store"
    return json.loads(answer.text)


async def _add(browser: httpx2.AsyncClient, made: Authenticator, name: str = "Phone") -> httpx2.Response:
    options = await _options(browser, NEW, f"{NEW}/options")
    return await press(browser, NEW, answer=made.create(options), name=name)


async def _sign_in(browser: httpx2.AsyncClient, made: Authenticator, **client: Any) -> httpx2.Response:
    browser.cookies.clear()
    options = await _options(browser, SIGN_IN, f"{SIGN_IN}/passkey/options")
    return await press(browser, SIGN_IN, f"{SIGN_IN}/passkey", answer=made.get(options, **client), back="/desk/team")


def _is_in(answer: httpx2.Response) -> bool:
    return any(each.startswith(COOKIE) for each in answer.headers.get_list("set-cookie"))


async def _make_old(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        older = MemberSession.authenticated_at - members.AUTHENTICATED_FOR
        await session.execute(update(MemberSession).values(authenticated_at=older), execution_options=CROSS_TENANT)


async def _stored(sessions: Sessions) -> MemberPasskey:
    async with sessions() as session:
        return (await session.scalars(select(MemberPasskey), execution_options=CROSS_TENANT)).one()


async def test_a_member_adds_names_and_removes_passkeys_and_the_audit_log_says_so(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn
) -> None:
    member = await sign_in("viewer")
    assert (await press(browser, ACCOUNT, PASSKEYS)).headers["location"] == NEW
    assert 'value="Unknown browser"' in (await browser.get(NEW)).text
    first, second = _authenticator(), _authenticator()
    assert (await _add(browser, first)).headers["location"] == f"{ACCOUNT}#the-passkeys"
    options = await _options(browser, NEW, f"{NEW}/options")
    assert len(options["excludeCredentials"]) == 1
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["rp"]["id"] == urlsplit(PUBLIC_URL).hostname
    assert (await press(browser, NEW, answer=second.create(options), name=" ")).status_code == 303
    page = await browser.get(ACCOUNT)
    assert "Phone" in page.text
    assert "Unknown browser" in page.text
    (path, *_) = re.findall(rf'action="({PASSKEYS}/passkey_\w+)/name"', page.text)
    assert (await press(browser, ACCOUNT, f"{path}/name", name="Nora’s <phone>")).status_code == 303
    assert "Nora’s &lt;phone&gt;" in (await browser.get(ACCOUNT)).text
    assert (await press(browser, ACCOUNT, f"{path}/removal")).status_code == 303
    assert (await browser.get(ACCOUNT)).text.count("/removal") == 1
    assert (await press(browser, ACCOUNT, f"{path}/removal")).status_code == 404
    entries = await log(api, subject_type="member_passkey", actor_id=member.id)
    assert [each["action"] for each in entries] == ["deleted", "changed", "created", "created"]
    assert first.credential_id.hex() not in str(entries)
    async with sessions.begin() as session:
        session.add_all(
            MemberPasskey(
                agency_id=member.agency_id, id=ids.new("passkey"), member_id=member.id, name="", sign_count=0,
                credential_id=bytes([number]), public_key=b"",
            )
            for number in range(passkeys.MOST_OF_MEMBER)
        )  # fmt: skip
    full = await _add(browser, first)
    assert (full.status_code, f"the limit of {passkeys.MOST_OF_MEMBER} passkeys" in full.text) == (422, True)


async def test_a_passkey_signs_in_without_address_password_and_code(
    browser: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring, sign_in: SignIn
) -> None:
    member = await sign_in()
    made = _authenticator()
    await _add(browser, made)
    async with sessions.begin() as session:
        await session.execute(
            update(Member).where(Member.agency_id == member.agency_id).values(totp_enabled_at=clock.now())
        )
    browser.cookies.clear()
    page = await browser.get(SIGN_IN)
    assert 'autocomplete="username webauthn"' in page.text
    assert "Passkeys need JavaScript" in page.text
    options = await _options(browser, SIGN_IN, f"{SIGN_IN}/passkey/options")
    assert options["allowCredentials"] == [], "the authenticator names its member"
    assert options["userVerification"] == "required"
    done = await _sign_in(browser, made)
    assert (done.status_code, done.headers["location"]) == (303, "/desk/team")
    assert HALF_COOKIE not in browser.cookies, "it is both factors"
    assert (await browser.get("/desk")).status_code == 200
    assert "Last use: just now" in (await browser.get(ACCOUNT)).text
    browser.cookies.clear()
    options = await _options(browser, SIGN_IN, f"{SIGN_IN}/passkey/options")
    away = {"answer": made.get(options), "back": "//evil.example"}
    assert (await press(browser, SIGN_IN, f"{SIGN_IN}/passkey", **away)).headers["location"] == "/desk"
    without = await press(browser, SIGN_IN, f"{SIGN_IN}/passkey")
    assert (without.status_code, "needs JavaScript" in without.text) == (422, True)


async def test_what_is_not_quite_right_signs_nobody_in(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, world: World
) -> None:
    await sign_in()
    made, strange = _authenticator(), _authenticator()
    await _add(browser, made)
    colleague = await sign_in("viewer")
    browser.cookies.clear()

    async def refused(case: str, answer: Callable[[Any], str]) -> None:
        options = await _options(browser, SIGN_IN, f"{SIGN_IN}/passkey/options")
        done = await press(browser, SIGN_IN, f"{SIGN_IN}/passkey", answer=answer(options))
        assert (done.status_code, _is_in(done)) == (422, False), case

    def with_(**other: Any) -> Callable[[Any], str]:
        """The answer of the same passkey with other properties."""

        def answer(options: Any) -> str:
            kept = {name: getattr(made, name) for name in other}
            try:
                for name, value in other.items():
                    setattr(made, name, value)
                return made.get(options)
            finally:
                for name, value in kept.items():
                    setattr(made, name, value)

        return answer

    strange.user_handle = made.user_handle
    other_handle = bytes_to_base64url(ids.parse("member", colleague.id).bytes)
    for case, answer in {
        "wrong origin": lambda options: made.get(options, origin="https://evil.example"),
        "origin below ours": lambda options: made.get(options, origin=f"{PUBLIC_URL}.evil.example"),
        "other host": with_(host="evil.example"),
        "user not verified": with_(flags=PRESENT),
        "other kind of answer": lambda options: made.get(options, type="webauthn.create"),
        "another key": with_(key=strange.key),
        "an unknown passkey": strange.get,
        "handle of a colleague": with_(user_handle=other_handle),
        "no handle": with_(user_handle=""),
        "challenge of nobody": lambda options: made.get(options, challenge="AAAA"),
        "no JSON": lambda _options: "{",
        "a list": lambda _options: "[]",
        "deep": lambda _options: "[" * 16_000,
        "too long": lambda options: made.get(options) + " " * passkeys.LONGEST_ANSWER,
    }.items():
        await refused(case, answer)
    assert _is_in(await _sign_in(browser, made)), "the same passkey, untouched"


async def test_a_challenge_is_answered_once_in_time_in_its_browser_and_for_its_purpose(
    browser: httpx2.AsyncClient, app: FastAPI, sessions: Sessions, sign_in: SignIn
) -> None:
    member = await sign_in()
    made = _authenticator()
    await _add(browser, made)
    other = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL)

    async def sent(answer: str, browser: httpx2.AsyncClient = browser) -> httpx2.Response:
        return await press(browser, SIGN_IN, f"{SIGN_IN}/passkey", answer=answer)

    browser.cookies.clear()
    answer = made.get(await _options(browser, SIGN_IN, f"{SIGN_IN}/passkey/options"))
    stolen = await sent(answer, other)
    assert (stolen.status_code, _is_in(stolen)) == (422, False), "another browser"
    assert _is_in(await sent(answer)), "that did not use it up"
    again = await sent(answer)
    assert (again.status_code, "sent twice" in again.text, _is_in(again)) == (422, True, False)

    options = await _options(browser, SIGN_IN, f"{SIGN_IN}/passkey/options")
    async with sessions.begin() as session:
        await session.execute(update(PasskeyChallenge).values(expires_at=func.now()))
    assert not _is_in(await sent(made.get(options))), "too late"
    assert await passkeys.prune(sessions, clock.now(), 10) == 1

    options = await _options(browser, ACCOUNT, f"{PASSKEYS}/confirmation")
    assert len(options["allowCredentials"]) == 1
    assert not _is_in(await sent(made.get(options))), "made for something else"
    async with sessions() as session:
        left = select(func.count()).select_from(MemberSession).where(MemberSession.agency_id == member.agency_id)
        assert await session.scalar(left) == 2, "the first, and one by the passkey"


async def test_options_belong_to_the_page_of_this_browser_and_are_counted(
    browser: httpx2.AsyncClient, sessions: Sessions
) -> None:
    path = f"{SIGN_IN}/passkey/options"
    assert (await browser.post(path, headers=SAME_ORIGIN)).status_code == 403, "no cookie"
    await browser.get(SIGN_IN)
    assert (await browser.post(path, data={"form_token": "0" * 64}, headers=SAME_ORIGIN)).status_code == 403
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', (await browser.get(SIGN_IN)).text)
    assert token
    foreign = {"Origin": "https://evil.example"}
    assert (await browser.post(path, data={"form_token": token[1]}, headers=foreign)).status_code == 403
    assert (await press(browser, SIGN_IN, path)).status_code == 200
    async with sessions.begin() as session:
        await session.execute(update(Throttle).values(full_at=clock.now() + passkeys.CHALLENGES_FROM_ADDRESS.within))
    assert (await press(browser, SIGN_IN, path)).status_code == 429


@pytest.mark.parametrize("counts", [True, False])
async def test_a_counter_that_went_back_blocks_the_passkey(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, counts: bool
) -> None:
    member = await sign_in()
    made = _authenticator()
    made.counts = counts
    await _add(browser, made)
    for _each in range(2):
        assert _is_in(await _sign_in(browser, made))
    if not counts:
        return
    made.sign_count = 1
    for said in ("may have been copied", "may have been copied"):
        refused = await _sign_in(browser, made)
        assert (refused.status_code, said in refused.text, _is_in(refused)) == (422, True, False)
        made.sign_count = 50
    assert (await _stored(sessions)).blocked_at
    async with sessions.begin() as session:
        browser.cookies.set(COOKIE, await members.sign_in(session, member))
    assert "Its counter went back" in (await browser.get(ACCOUNT)).text
    assert (await log(api, subject_type="member_passkey"))[0]["changed"] == ["blocked_at"]


async def test_a_passkey_is_added_only_after_the_member_has_proved_who_it_is(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn
) -> None:
    await sign_in()
    made, other = _authenticator(), _authenticator()
    await _add(browser, made)
    options = await _options(browser, NEW, f"{NEW}/options")
    await _make_old(sessions)
    assert (await browser.get(NEW)).headers["location"] == ACCOUNT
    path = f"{PASSKEYS}/{(await _stored(sessions)).id}/removal"
    for refused in (
        await press(browser, ACCOUNT, PASSKEYS),
        await press(browser, ACCOUNT, f"{NEW}/options"),
        await press(browser, ACCOUNT, NEW, answer=other.create(options), name="Eve"),
        await press(browser, ACCOUNT, path),
    ):
        assert refused.status_code == 403
        assert "Confirm that it’s you" in refused.text
    assert (await _stored(sessions)).name == "Phone"

    unverified, elsewhere = _authenticator(), Authenticator("https://evil.example", "evil.example")
    unverified.flags = PRESENT
    await sign_in("manager")
    for case in (unverified, elsewhere, made):
        refused = await _add(browser, case)
        assert (refused.status_code, "not accepted" in refused.text) == (422, True)
    assert (await _stored(sessions)).name == "Phone"


async def test_a_passkey_confirms_a_dangerous_act_of_its_own_member_only(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, world: World
) -> None:
    foreign, colleagues, own = _authenticator(), _authenticator(), _authenticator()
    await sign_in("owner", world.south)
    await _add(browser, foreign)
    await sign_in("viewer")
    await _add(browser, colleagues)
    owner = await sign_in()
    await _add(browser, own)
    to_register = await _options(browser, NEW, f"{NEW}/options")
    await _make_old(sessions)
    path = f"/desk/team/{owner.id}/sessions/end"
    asked = await press(browser, ACCOUNT, path, kept="yes")
    assert asked.status_code == 403
    assert "Use a passkey" in asked.text
    assert asked.text.count('<input type="hidden" name="kept" value="yes">') == 2
    for made in (foreign, colleagues):
        options = await _options(browser, ACCOUNT, f"{PASSKEYS}/confirmation")
        refused = await press(browser, ACCOUNT, path, passkey_again=made.get(options))
        assert (refused.status_code, "not accepted" in refused.text) == (403, True)
    options = await _options(browser, SIGN_IN, f"{SIGN_IN}/passkey/options")
    assert (await press(browser, ACCOUNT, path, passkey_again=own.get(options))).status_code == 403, "to sign in"
    refused = await press(browser, ACCOUNT, path, passkey_again=own.get(to_register))
    assert refused.status_code == 403, "to add one"
    options = await _options(browser, ACCOUNT, f"{PASSKEYS}/confirmation")
    own.user_handle = ""
    assert (await press(browser, ACCOUNT, path, passkey_again=own.get(options))).status_code == 303
    async with sessions() as session:
        assert not await members.sessions_of(session, owner.agency_id, owner.id)


async def test_nobody_touches_the_passkeys_of_somebody_else_and_the_removed_stay_out(
    browser: httpx2.AsyncClient, sessions: Sessions, sign_in: SignIn, world: World
) -> None:
    owner = await sign_in()
    made = _authenticator()
    await _add(browser, made)
    path = f"{PASSKEYS}/{(await _stored(sessions)).id}"
    for role, corner in (("viewer", world.north), ("owner", world.south)):
        await sign_in(role, corner)
        assert (await press(browser, ACCOUNT, f"{path}/name", name="Eve")).status_code == 404
        assert (await press(browser, ACCOUNT, f"{path}/removal")).status_code == 404
    assert (await _stored(sessions)).name == "Phone"
    manager = await sign_in("manager")
    help_ = f"/desk/team/{owner.id}/second-factor/end"
    assert (await press(browser, ACCOUNT, help_)).status_code == 403
    async with sessions.begin() as session:
        with pytest.raises(members.RoleTooHigh):
            await passkeys.remove_all(session, owner.agency_id, owner.id, by="manager")
    theirs = _authenticator()
    await _add(browser, theirs)
    async with sessions.begin() as session:
        browser.cookies.set(COOKIE, await members.sign_in(session, owner))
    help_ = f"/desk/team/{manager.id}"
    assert "remove the passkeys" in (await browser.get(help_)).text
    assert (await press(browser, help_, f"{help_}/second-factor/end")).status_code == 303
    assert (await _stored(sessions)).name == "Phone", "of the owner alone"
    async with sessions.begin() as session:
        await members.add(
            session, owner.agency_id, name="Bo", email="bo@x.example", role="owner", password_hash=CHEAP_HASH
        )
        await members.remove(session, owner.agency_id, owner.id, by="owner")
    assert not _is_in(await _sign_in(browser, made))


@pytest.mark.parametrize(
    ("address", "host", "origin"),
    [
        ("https://go.agency.example", "go.agency.example", "https://go.agency.example"),
        ("https://go.agency.example:443/keyturn", "go.agency.example", "https://go.agency.example"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
    ],
)
def test_the_relying_party_is_the_public_address(address: str, host: str, origin: str) -> None:
    found = relying_party(address)
    assert (found.id, found.origin) == (host, origin)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://[::1]:8000"])
def test_an_ip_address_has_no_passkeys(address: str) -> None:
    with pytest.raises(passkeys.NoPasskeysHere):
        relying_party(address)
