"""Signing in at an OpenID provider, a real one that runs beside the tests."""

import html
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pyotp
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import func, select, update

from app.dashboard.member_session import COOKIE as SESSION_COOKIE
from app.dashboard.oidc_sign_in import COOKIE
from app.kit import clock
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.kit.oidc import OidcClient, OidcFailed, OidcIdentity, OidcProvider
from app.kit.throttle import Throttle
from app.settings import Settings
from app.tenants.members import identities, second_factor
from app.tenants.members import service as members
from app.tenants.members.identities import MemberIdentity
from app.tenants.members.models import MemberSession
from tests.client_portal.walk import SAME_ORIGIN, press
from tests.dashboard.conftest import CHEAP_HASH
from tests.dashboard.provider import EVE, MUTE, NORA, STALE, at_provider, come_back, of_settings
from tests.world import PUBLIC_URL, World

#: Its server signs tokens by them too, in a thread of this process.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def settings(settings: Settings, issuer: str) -> Settings:
    """With the provider."""
    return settings.model_copy(update=of_settings(issuer))


@pytest.fixture(autouse=True)
async def nora(sessions: Sessions, world: World) -> None:
    """A member with the address that the provider verified of its first person."""
    async with sessions.begin() as session:
        await members.add(
            session, world.north.agency_id, name="Nora", email="nora@north.example", role="owner",
            password_hash=CHEAP_HASH,
        )  # fmt: skip


async def _out(browser: httpx2.AsyncClient, back: str = "") -> str:
    """The address at the provider to which the button leads."""
    page = await browser.get("/desk/sign-in", params={"back": back})
    assert "Sign in with North’s login" in page.text
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', page.text)
    assert token
    fields = {"form_token": token[1], "back": back}
    answer = await browser.post("/desk/oidc/oidc", data=fields, headers=SAME_ORIGIN)
    assert answer.status_code == 303
    assert urlsplit(answer.headers["location"]).netloc in page.headers["content-security-policy"]
    return str(answer.headers["location"])


def _is_in(answer: httpx2.Response) -> bool:
    return any(each.startswith(SESSION_COOKIE) for each in answer.headers.get_list("set-cookie"))


async def test_a_verified_address_signs_its_member_in_and_binds_the_identity(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    for back, leads_to in (("/desk?turn=client", "/desk?turn=client"), ("//evil.example", "/desk")):
        done = await come_back(browser, await at_provider(await _out(browser, back), NORA))
        assert (done.status_code, done.headers["location"]) == (303, leads_to)
        assert (await browser.get("/desk")).status_code == 200
    async with sessions() as session:
        rows = select(func.count()).select_from(MemberIdentity).where(MemberIdentity.agency_id == world.north.agency_id)
        assert await session.scalar(rows) == 1
        opened = select(MemberSession.proof).where(MemberSession.agency_id == world.north.agency_id)
        assert set(await session.scalars(opened)) == {"provider"}


async def test_a_bound_identity_stays_with_its_member_when_the_address_changes(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    await come_back(browser, await at_provider(await _out(browser), NORA))
    async with sessions.begin() as session:
        (member,) = await members.every(session, world.north.agency_id)
        member.email = "new@north.example"
    assert _is_in(await come_back(browser, await at_provider(await _out(browser), NORA)))


@pytest.mark.parametrize("person", [EVE, MUTE, "a-stranger"])
async def test_an_address_that_the_provider_has_not_verified_is_nobodys(
    browser: httpx2.AsyncClient, person: str
) -> None:
    refused = await come_back(browser, await at_provider(await _out(browser), person))
    assert (refused.status_code, _is_in(refused)) == (403, False)


async def test_an_address_of_members_of_two_agencies_opens_neither(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    """Any agency can invite any address: it must not take over where its owner signs in."""
    async with sessions.begin() as session:
        await members.add(
            session, world.south.agency_id, name="N", email="nora@north.example", role="viewer",
            password_hash=CHEAP_HASH,
        )  # fmt: skip
    refused = await come_back(browser, await at_provider(await _out(browser), NORA))
    assert (refused.status_code, _is_in(refused)) == (409, False)
    assert "More than one agency" in refused.text


async def test_a_removed_member_stays_out(browser: httpx2.AsyncClient, sessions: Sessions, world: World) -> None:
    await come_back(browser, await at_provider(await _out(browser), NORA))
    async with sessions.begin() as session:
        agency_id = world.north.agency_id
        (member,) = await members.every(session, agency_id)
        await members.add(session, agency_id, name="Bo", email="bo@x.example", role="owner", password_hash=CHEAP_HASH)
        await members.remove(session, agency_id, member.id, by="owner")
    assert (await come_back(browser, await at_provider(await _out(browser), NORA))).status_code == 403


async def test_a_member_who_joins_again_has_their_identity(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    await come_back(browser, await at_provider(await _out(browser), NORA))
    agency_id = world.north.agency_id
    async with sessions.begin() as session:
        (earlier,) = await members.every(session, agency_id)
        await members.add(session, agency_id, name="Bo", email="bo@x.example", role="owner", password_hash=CHEAP_HASH)
        await members.remove(session, agency_id, earlier.id, by="owner")
        now = await members.add(
            session, agency_id, name="Nora", email=earlier.email, role="viewer", password_hash=CHEAP_HASH
        )
    assert _is_in(await come_back(browser, await at_provider(await _out(browser), NORA)))
    async with sessions() as session:
        rows = select(MemberIdentity.member_id).where(MemberIdentity.agency_id == agency_id)
        assert list(await session.scalars(rows)) == [now.id]


async def test_the_provider_confirms_a_dangerous_act_of_its_own_member(
    browser: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    await come_back(browser, await at_provider(await _out(browser), NORA))
    async with sessions() as session:
        (nora,) = await members.every(session, world.north.agency_id)
    act, again = "/desk/account/second-factor", "/desk/oidc/oidc/again"

    async def asked() -> httpx2.Response:
        """A dangerous act, a while after the sign-in."""
        async with sessions.begin() as session:
            older = MemberSession.authenticated_at - members.AUTHENTICATED_FOR
            mine = MemberSession.agency_id == nora.agency_id
            await session.execute(update(MemberSession).where(mine).values(authenticated_at=older))
        return await press(browser, "/desk/account", act, kept="<yes>")

    page = await asked()
    assert "Sign in with North’s login again" in page.text
    waiting = html.unescape(re.findall(r'name="act" value="([^"]*)"', page.text)[0])
    assert json.loads(waiting) == [act, [["kept", "<yes>"]]]
    assert (await press(browser, "/desk/account", again, form_token="0" * 64)).status_code == 403
    away = await press(browser, "/desk/account", again, act=waiting)
    assert urlsplit(away.headers["location"]).netloc in page.headers["content-security-policy"]
    query = dict(parse_qsl(urlsplit(away.headers["location"]).query))
    assert (query["prompt"], query["max_age"]) == ("login", "0")

    refused = await come_back(browser, await at_provider(away.headers["location"], EVE))
    assert refused.status_code == 409, "somebody else"
    away = await press(browser, "/desk/account", again, act=waiting)
    cookie = browser.cookies.get(SESSION_COOKIE, domain="go.keyturn.example")
    async with sessions.begin() as session:
        other = await members.sign_in(session, nora)
    browser.cookies.set(SESSION_COOKIE, other, domain="go.keyturn.example", path="/desk")
    refused = await come_back(browser, await at_provider(away.headers["location"], NORA))
    assert refused.status_code == 409, "another session"
    browser.cookies.set(SESSION_COOKIE, cookie or "", domain="go.keyturn.example", path="/desk")
    assert (await asked()).status_code == 403

    away = await press(browser, "/desk/account", again, act=waiting)
    done = await come_back(browser, await at_provider(away.headers["location"], NORA))
    assert (done.status_code, _is_in(done)) == (200, False)
    assert f'action="{act}"' in done.text
    assert 'name="kept" value="&lt;yes&gt;"' in done.text
    assert (await press(browser, "/desk/account", act)).status_code == 303, "confirmed"

    for strange in ("", "{", "[1, 2]", '["/l/x", []]', json.dumps([act, [["a", "b" * 1200]]])):
        away = await press(browser, "/desk/account", again, act=strange)
        done = await come_back(browser, await at_provider(away.headers["location"], NORA))
        assert "Go back to the page" in done.text, strange
        assert "<form" not in done.text, strange


async def test_a_sign_in_at_the_provider_long_ago_confirms_nothing(issuer: str) -> None:
    client = OidcClient(OidcProvider("oidc", "", issuer, "keyturn", "s"), f"{PUBLIC_URL}/desk/oidc/oidc/return")
    for since, is_refused in ((0.0, False), (clock.now().timestamp(), True)):
        attempt = await client.begin(again=True)
        query = await at_provider(attempt.address, STALE)
        with pytest.raises(OidcFailed, match="once more") if is_refused else nullcontext():
            assert await client.finish(attempt, code=query["code"], since=since)


async def test_requests_to_providers_are_limited_both_ways(browser: httpx2.AsyncClient, sessions: Sessions) -> None:
    query = await at_provider(await _out(browser), NORA)
    async with sessions.begin() as session:
        await session.execute(
            update(Throttle).values(full_at=clock.now() + identities.PROVIDER_REQUESTS_FROM_ADDRESS.within)
        )
    assert ((await come_back(browser, query)).status_code, _is_in(await come_back(browser, query))) == (429, False)
    assert (await press(browser, "/desk/sign-in", "/desk/oidc/oidc")).status_code == 429


async def test_a_code_works_once(browser: httpx2.AsyncClient) -> None:
    address = await _out(browser)
    kept = browser.cookies.get(COOKIE)
    query = await at_provider(address, NORA)
    assert _is_in(await come_back(browser, query))
    browser.cookies.set(COOKIE, kept or "", domain="go.keyturn.example", path="/desk/oidc")
    again = await come_back(browser, query)
    assert (again.status_code, _is_in(again)) == (409, False)


@pytest.mark.parametrize(
    "change", ["state", "no state", "no code", "issuer", "provider", "too late", "other browser", "garbage"]
)
async def test_an_answer_that_is_not_of_this_attempt_is_refused(
    browser: httpx2.AsyncClient, keyring: Keyring, change: str
) -> None:
    query, provider = await at_provider(await _out(browser), NORA), "oidc"
    if change == "state":
        query["state"] += "x"
    elif change in ("no state", "no code"):
        del query[change.removeprefix("no ")]
    elif change == "issuer":
        query["iss"] = "https://login.evil.example"
    elif change == "provider":
        provider = "google"
    elif change == "too late":
        kept = json.loads(keyring.decrypt(bytes.fromhex(browser.cookies[COOKIE]), bound_to="oidc-attempt"))
        kept["until"] = clock.now().timestamp()
        over = keyring.encrypt(json.dumps(kept), bound_to="oidc-attempt").hex()
        browser.cookies.set(COOKIE, over, domain="go.keyturn.example", path="/desk/oidc")
    elif change == "other browser":
        browser.cookies.clear()
    else:
        browser.cookies.clear()
        browser.cookies.set(COOKIE, "00ff")
    refused = await come_back(browser, query, provider)
    assert refused.status_code in (404, 409)
    assert not _is_in(refused)


async def test_the_id_token_of_another_attempt_is_refused(issuer: str) -> None:
    """The nonce: a code that was stolen from another browser does not fit this one's attempt."""
    client = OidcClient(OidcProvider("oidc", "", issuer, "keyturn", "s"), f"{PUBLIC_URL}/desk/oidc/oidc/return")
    mine, theirs = await client.begin(), await client.begin()
    query = await at_provider(theirs.address, NORA)
    with pytest.raises(OidcFailed, match="nonce"):
        await client.finish(replace(mine, verifier=theirs.verifier), code=query["code"])


class HostileProvider:
    """A provider that says whatever a test wants: its ID token has these claims, and is signed by this key."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.key = self.published = ECKey.generate_key("P-256", {"kid": "1"})
        self.claims: dict[str, Any] = {}
        self.algorithm = "ES256"
        #: the fields of the last request for a token
        self.sent: dict[str, str] = {}

    def answer(self, path: str, sent: str) -> dict[str, Any]:
        """Metadata, keys, or a token."""
        if path.endswith("openid-configuration"):
            places = {f"{name}_endpoint": f"{self.issuer}/{name}" for name in ("authorization", "token")}
            return {
                "issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys", **places,
                "id_token_signing_alg_values_supported": ["ES256"],
            }  # fmt: skip
        if path == "/keys":
            return {"keys": [self.published.as_dict(private=False)]}
        self.sent = dict(parse_qsl(sent))
        return {"access_token": "a", "token_type": "Bearer", "id_token": self._token()}

    def _token(self) -> str:
        if self.algorithm == "none":
            parts = ({"alg": "none"}, self.claims)
            return ".".join(urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in parts) + "."
        return jwt.encode({"alg": self.algorithm, "kid": "1"}, self.claims, self.key)


@pytest.fixture
def hostile() -> Iterator[HostileProvider]:
    """The provider, served by a thread."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            body = json.dumps(made.answer(self.path, sent)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - named by the base class

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made = HostileProvider(server.server_port)
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield made
        server.shutdown()
        thread.join()


async def test_only_a_token_of_this_issuer_for_this_client_and_attempt_is_taken(hostile: HostileProvider) -> None:
    """Issuer mix-up, and each other claim: what a provider can say, or somebody in between."""
    client = OidcClient(OidcProvider("oidc", "", hostile.issuer, "keyturn", "s"), f"{PUBLIC_URL}/desk/oidc/oidc/return")
    now = int(clock.now().timestamp())

    async def identity(**other: Any) -> OidcIdentity:
        attempt = await client.begin()
        claims = {
            "iss": hostile.issuer, "aud": "keyturn", "sub": "s", "nonce": attempt.nonce, "iat": now, "exp": now + 60
        }  # fmt: skip
        hostile.claims = {name: value for name, value in {**claims, **other}.items() if value is not None}
        try:
            return await client.finish(attempt, code="c")
        finally:
            challenge = dict(parse_qsl(urlsplit(attempt.address).query))
            hashed = urlsafe_b64encode(sha256(hostile.sent["code_verifier"].encode()).digest()).decode().rstrip("=")
            assert (challenge["code_challenge_method"], challenge["code_challenge"]) == ("S256", hashed)

    assert (await identity()).subject == "s"
    for claim, value in (
        ("iss", "https://login.other.example"), ("iss", None), ("aud", "another"), ("aud", None), ("nonce", "x"),
        ("nonce", None), ("exp", now - 3600), ("exp", None), ("sub", None),
    ):  # fmt: skip
        with pytest.raises(OidcFailed, match=claim):
            await identity(**{claim: value})
    hostile.key = ECKey.generate_key("P-256", {"kid": "1"})
    with pytest.raises(OidcFailed, match="signature"):
        await identity()
    hostile.algorithm = "none"
    with pytest.raises(OidcFailed):
        await identity()


async def test_the_code_of_one_provider_is_not_taken_to_another(
    browser: httpx2.AsyncClient, app: FastAPI, hostile: HostileProvider
) -> None:
    """Mix-up: a member signs in at one provider, and another one, which is also set up, would get the code."""
    other = OidcClient(
        OidcProvider("other", "Other", hostile.issuer, "keyturn", "s"), f"{PUBLIC_URL}/desk/oidc/other/return"
    )
    app.state.services.sign_ins = {**app.state.services.sign_ins, "other": other}
    out = await _out(browser)
    query = await at_provider(out, NORA)
    now = int(clock.now().timestamp())
    hostile.claims = {
        "iss": hostile.issuer, "aud": "keyturn", "sub": "s", "iat": now, "exp": now + 60,
        "nonce": dict(parse_qsl(urlsplit(out).query))["nonce"], "email": "nora@north.example", "email_verified": True,
    }  # fmt: skip
    refused = await come_back(browser, query, "other")
    assert (refused.status_code, _is_in(refused), hostile.sent) == (409, False, {})
    assert _is_in(await come_back(browser, query)), "at its own provider it is right"


@pytest.mark.parametrize(("owns_addresses", "email"), [(False, ""), (True, "nora@north.example")])
async def test_addresses_of_a_company_need_no_verification(issuer: str, owns_addresses: bool, email: str) -> None:
    provider = OidcProvider("oidc", "", issuer, "keyturn", "s", owns_addresses)
    client = OidcClient(provider, f"{PUBLIC_URL}/desk/oidc/oidc/return")
    attempt = await client.begin()
    query = await at_provider(attempt.address, EVE)
    assert (await client.finish(attempt, code=query["code"])).email == email


@pytest.mark.parametrize("wrong", ["{}/", "http://127.0.0.1:9"])
async def test_an_issuer_of_another_name_or_without_an_answer_fails(issuer: str, wrong: str) -> None:
    client = OidcClient(OidcProvider("oidc", "", wrong.format(issuer), "keyturn", "s"), PUBLIC_URL)
    with pytest.raises(OidcFailed):
        await client.begin()


@pytest.mark.parametrize("given", [{"google_client_id": "x"}, {"microsoft_tenant": "t", "microsoft_client_id": "x"}])
def test_half_a_provider_stops_the_start(settings: Settings, given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="set all settings"):
        Settings.model_validate({**settings.model_dump(), **given})


def test_the_issuers_are_those_of_their_documentation(settings: Settings) -> None:
    given = {
        "google_client_id": "g", "google_client_secret": "s", "microsoft_tenant": "8a1b", "microsoft_client_id": "m",
        "microsoft_client_secret": "s",
    }  # fmt: skip
    found = Settings.model_validate({**settings.model_dump(), **given}).oidc_providers
    assert [(each.key, each.issuer) for each in found][:2] == [
        ("google", "https://accounts.google.com"), ("microsoft", "https://login.microsoftonline.com/8a1b/v2.0"),
    ]  # fmt: skip


async def test_the_provider_stands_for_the_password_only(
    browser: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    async with sessions.begin() as session:
        (member,) = await members.every(session, world.north.agency_id)
        await second_factor.begin(session, keyring, member.agency_id, member.id)
        await session.flush()
        made = pyotp.TOTP(second_factor.pending_secret(keyring, member) or "")
        assert await second_factor.confirm(session, keyring, member.agency_id, member.id, made.now())
    done = await come_back(browser, await at_provider(await _out(browser), NORA))
    assert done.headers["location"] == "/desk/sign-in/code?back=%2Fdesk"
    assert not _is_in(done)
