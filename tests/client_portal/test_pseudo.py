"""Every page in the pseudo-locale, with real requests: no text is outside the catalogue and the content files."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, update

from app.access.connections.oauth_flow import ExchangeOutcome
from app.client_portal import rate_limits, status_texts
from app.kit import clock
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.kit.i18n import locales, pseudo
from app.kit.i18n.message import _
from app.kit.throttle import Throttle
from app.links.models import AccessRequest, Link
from app.mail.service import MailQueue
from app.platforms.blockers import BLOCKERS
from bench.literals import texts
from simulator import seed
from simulator.seed import LUNE_EU
from tests import pseudo as reading
from tests.client_portal.test_round_trips import PRESET, Tour, portal_routes, route_of
from tests.client_portal.walk import SAME_ORIGIN, Walk, press
from tests.house import House
from tests.second_platform.adapter import with_plaza
from tests.second_platform.simulator import AGENCY, CLIENT, OTHER_SHOP, SHOP, Plaza
from tests.world import PUBLIC_URL, World

#: Names and texts of the agency, its clients and their assets, as the tests and the simulator give them.
GIVEN = (
    "North Agency", "South Agency", "Plaza", "Ana Agent", "Ana Client", "Ana Lima", "Nora North", "Theo Brand",
    "Maison Lune", "Comptoir", "Simon South", "Brand FR", "Brand DE", "Brand", "Lune", "lune", "EU", "UK", "US", "EUR",
    "EN", "“brand”", "Webshop", "App", "WeChat", "website", "plan.pdf", SHOP, OTHER_SHOP, CLIENT, AGENCY,
    "https://brand.com", "maisonlune.example app", "maisonlune.example web",
    *(question["label"] for question in PRESET["questions"]),
    *(request["reason"] for request in PRESET["access_requests"]),
    "To create your campaigns, adjust them and report on them.",
)  # fmt: skip


class Reading(httpx2.AsyncBaseTransport):
    """The application, asked in the pseudo-locale; `wrong` has the unmarked texts, with a page that shows each."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self._inner = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        self.wrong: dict[str, str] = {}
        self.read: set[tuple[str, str]] = set()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request and read the page."""
        request.headers["accept-language"] = pseudo.TAG
        answer = await self._inner.handle_async_request(request)
        if answer.headers.get("content-type", "").startswith("text/html"):
            await answer.aread()
            self.read_page(f"{request.method} {request.url.path} {answer.status_code}", answer.text)
            self.read.add((request.method, request.url.path))
        return answer

    def read_page(self, where: str, page: str) -> None:
        """Note what is not marked on a page."""
        assert f'<html lang="{pseudo.TAG}"' in page or "<html" not in page, where
        self.wrong |= dict.fromkeys(reading.unmarked(texts(page), GIVEN), where)

    def report(self) -> str:
        """The unmarked texts, each with the page that shows it."""
        return "\n".join(f"{where}: {text}" for text, where in self.wrong.items())


@pytest.fixture
def reader(app: FastAPI, keyring: Keyring) -> Reading:
    """The application with e-mail, which offers the pseudo-locale."""
    app.state.services.languages = ("en", pseudo.TAG)
    app.state.services.outbox = MailQueue(keyring, PUBLIC_URL, ("en", pseudo.TAG))
    return Reading(app)


@pytest.fixture
def walk(reader: Reading, walk: Walk) -> Walk:
    """A client of the north agency, read in the pseudo-locale."""
    walk.browser._transport = reader
    return walk


def test_a_text_outside_the_catalogue_is_seen() -> None:
    shown = locales.find(pseudo.TAG)
    page = f'<p title="Close">{shown.html(_("Open"))} North Agency</p><p>Since then</p><img alt="Logo">'
    assert reading.unmarked(texts(page), GIVEN) == ["Close", "Since then", "Logo"]


async def test_every_page_of_a_client_is_in_its_language(
    reader: Reading, house: House, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    services = reader.app.state.services
    services.platforms = with_plaza(services.platforms, Plaza())
    house = replace(house, tools=replace(house.tools, platforms=services.platforms))
    await Tour(reader, house, sessions, keyring, world.north, seed.NORA_NORTH).everything()
    assert reader.report() == ""
    read = {route_of(method, path) for method, path in reader.read}
    pages = {route.path for route in portal_routes() if "GET" in (route.methods or ())}
    redirects_and_files = {
        "/l/brand/{colour}.css", "/logo/{slug}/{sha256}.png", "/l/{link_id}", "/l/{link_id}/return",
        "/l/{link_id}/{platform}/return", "/{path:stray}", "/pictures/{agency_id}/{sha256}.png",
    }  # fmt: skip
    assert pages - read - redirects_and_files == set(), "not read"


def cases() -> list[dict[str, Any]]:
    """Every status and every blocker that a client may see, with each actor who may be next; wanted or not."""
    plain = itertools.product(status_texts.STATUSES, ("client", "agency", "platform", "us"), (None,), (None,))
    unwanted = itertools.product(status_texts.STATUSES, ("client",), (None,), (clock.now(),))
    blocked = itertools.chain.from_iterable(
        itertools.product(("blocked", "drifted"), (about.next_actor,), (code,), (None,))
        for code, about in BLOCKERS.items()
    )
    columns = ("status", "next_actor", "code", "unwanted_at")
    return [dict(zip(columns, case, strict=True)) for case in (*plain, *unwanted, *blocked)]


@pytest.mark.parametrize("lane", ["guided", "connected"])
async def test_every_status_and_blocker_is_in_its_language(
    walk: Walk, reader: Reading, sessions: Sessions, house: House, lane: str
) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    if lane == "connected":
        await walk.send("lane", lane=lane)
    ids = [access_request.id for access_request in await house.access_requests(walk.corner)]
    every = cases()
    for first in range(0, len(every), len(ids)):
        shown = dict(zip(ids, every[first : first + len(ids)], strict=False))
        for access_request_id, case in shown.items():
            over = {"role_seen": "ADMIN", "shared_from_account_id": seed.BRAND_DE, "status_since": func.now(), **case}
            async with sessions.begin() as session:
                await session.execute(
                    update(AccessRequest)
                    .where(AccessRequest.agency_id == walk.corner.agency_id, AccessRequest.id == access_request_id)
                    .values(**over, attested_at=clock.now(), attested_by="Nora North")
                )
        for screen in ("progress", "receipt"):
            assert (await walk.see(screen)).status_code == 200
        assert reader.report() == "", shown


async def test_every_way_back_and_every_mistake_is_in_its_language(walk: Walk, reader: Reading) -> None:
    await walk.start()
    for outcome in ExchangeOutcome:
        assert (await walk.see(f"way?outcome={outcome}")).status_code == 200
    await walk.send("lane", lane="guided")
    two, words = f"{seed.BRAND_FR} {seed.BRAND_DE}", "password: hunter2x"
    for text in ("", "1234", "7.11122E+18", "+33 6 12 34 56 78", two, words):
        await _mistake(walk, "account", account_id=text)
    await walk.answer("account")
    await _mistake(walk, "assets", ad_account="x")
    await _mistake(walk, "assets", ad_account=LUNE_EU, pixel="C4SHORT")
    await walk.answer("assets")
    await _mistake(walk, "about", markets="")
    for email in ("", "ana", "a b@c.de", "a..b@c.de", "ana@brand", "a@b.de, c@d.de"):
        await _mistake(walk, "about", **{"approver-name": "", "approver-email": email, "billing-same": "yes"})
    await walk.answer("about")
    await _mistake(walk, "checklist", payment="plan", by="")
    await _mistake(walk, "review", name="", mark="0" * 64)
    assert reader.report() == ""


async def _mistake(walk: Walk, screen: str, **fields: str) -> None:
    """Send a form that cannot be saved, and read what its screen shows then."""
    assert walk.goes_to(await walk.send(screen, **fields)) == screen
    page = await walk.see(screen)
    assert 'class="summary"' in page.text


async def test_every_refusal_is_in_its_language(
    walk: Walk, reader: Reading, sessions: Sessions, world: World, app: FastAPI
) -> None:
    browser, path = walk.browser, walk.path
    await walk.start()
    token = await walk.token()
    shown = {
        404: await browser.get("/nothing"),
        405: await browser.put(f"{path}/progress"),
        403: await browser.post(f"{path}/tiktok/lane", data={"form_token": "x"}, headers=SAME_ORIGIN),
        413: await browser.post(f"{path}/tiktok/lane", content=b"x" * 100_000, headers=SAME_ORIGIN),
        422: await browser.get(f"{path}/tiktok/way?cancelled=perhaps"),
    }
    assert {status: answer.status_code for status, answer in shown.items()} == {status: status for status in shown}
    assert (await browser.get(f"/north/nobody/{'x' * 43}")).status_code == 404
    assert (await browser.get("/l/link_nothing/review")).status_code == 403
    async with sessions.begin() as session:
        kind = rate_limits.FORMS_ON_LINK
        session.add(Throttle(kind=kind.kind, subject=world.north.link_id, full_at=func.now() + timedelta(days=2)))
    limited = await browser.post(f"{path}/tiktok/lane", data={"form_token": token}, headers=SAME_ORIGIN)
    assert limited.status_code == 429
    for revoked in (None, clock.now()):
        async with sessions.begin() as session:
            over = {"revoked_at": revoked, "expires_at": clock.now() - timedelta(minutes=1), "status": "expired"}
            await session.execute(
                update(Link)
                .where(Link.agency_id == world.north.agency_id, Link.id == world.north.link_id)
                .values(**over)
            )
        assert (await browser.get(world.north.link_path)).status_code == 410
    del app.state.services.sessions
    assert (await browser.get(f"{path}/review")).status_code == 500
    assert reader.report() == ""


async def test_every_page_for_members_is_in_their_language(
    walk: Walk, reader: Reading, api: httpx2.AsyncClient, house: House, app: FastAPI
) -> None:
    for person, cancel in ((seed.NORA_NORTH, False), (seed.SIMON_SOUTH, False), (seed.NORA_NORTH, True)):
        address = (await api.post("/connections/invitations")).json()["address"]
        out = await press(walk.browser, address)
        query = await house.tiktok.consent(out.headers["location"], person, cancel=cancel)
        back = await walk.browser.get("/callbacks/tiktok", params=query)
        await walk.browser.get(back.headers["location"])
    for handle in ("x", ""):
        await walk.browser.get(f"/connect/return?handle={handle}")
    address = (await api.post("/connections/invitations")).json()["address"]
    object.__setattr__(app.state.services.platforms["tiktok"], "default_app", None)
    assert (await walk.browser.get(address)).status_code == 409
    assert (await walk.browser.get(f"/connect/{'x' * 43}")).status_code == 410
    assert reader.report() == ""
