"""Round trips to PostgreSQL of every page and form of a client, and of `GET /me`.

Counted on the wire, with the engine of the web process: BEGIN, COMMIT, checks of the pool and preparing included. All
is done for one agency and then for the other, and the second time counts: connections are open, statements prepared.
With KEYTURN_ROUND_TRIPS=FILE the figures are written there, for `make house`.
"""

import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import event
from sqlalchemy.engine.interfaces import CacheStats
from starlette.routing import Match

from app import main
from app.client_portal import routes
from app.kit.database import Sessions, make_engine, make_sessions
from app.kit.encryption import Keyring
from app.kit.html import forms
from app.links import service as link_service
from app.links import url
from app.links.own_platforms import pictures
from app.links.own_platforms.models import PICTURES
from app.mail.service import MailQueue
from app.settings import Settings
from app.tenants.agencies import logos
from app.tenants.agencies.logo_image import picture
from simulator import seed
from simulator.seed import CATALOG_LUNE, LUNE_EU, PIXEL_LUNE_CODE
from tests.client_portal.walk import BY_HAND, SAME_ORIGIN, Walk, press, trip
from tests.conftest import Database, running
from tests.house import House
from tests.manual_platforms import tell_identities
from tests.second_platform.adapter import with_plaza
from tests.second_platform.simulator import AGENCY, CLIENT, OTHER_SHOP, SHOP, Plaza
from tests.tenants.agencies.pictures import drawn
from tests.wire import Wire, tapped
from tests.world import CLIENT_BROWSER, PUBLIC_URL, TESTS, Corner, World

#: Round trips of a client's page, and of `GET /me`.
PAGE, ME = 8, 4
#: Round trips of the pages with the checklist: the review, and the result with its receipt.
MORE = {"/l/{link_id}/review": 9, "/l/{link_id}/progress": 11, "/l/{link_id}/receipt": 11}
#: The way back from the platform, which calls it and writes; no page.
CALLBACK = ("GET", "/l/{link_id}/return")
ME_REQUEST = ("GET", "/api/v1/me")
#: A link with every screen.
PRESET: dict[str, Any] = {
    "slug": "everything", "name": "Everything", "sentence": "All there is.",
    "screens": ["pixels", "markets", "contacts"],
    "questions": [
        {"key": "website", "kind": "address", "label": "Which website?"},
        {"key": "plan", "kind": "file", "label": "Your plan", "required": False},
    ],
    "access_requests": [
        {"kind": "ad_account", "role": "OPERATOR", "reason": "To run campaigns."},
        {"kind": "pixel", "role": "LINK", "reason": "To read events."},
        {"kind": "catalog", "role": "AD_PROMOTE", "reason": "To show products.", "required": False},
        {"platform": "plaza", "kind": "storefront", "role": "VIEWER", "reason": "To see what sells."},
        {"platform": "meta", "kind": "custom", "role": "MANAGE_CAMPAIGNS", "reason": "To run campaigns there, too."},
    ],
}  # fmt: skip
#: Its screens, by the short names of the walk.
SEQUENCE = (
    "way", "account", "assets", "plaza/way", "plaza/account", "plaza/assets", "others", "about", "questions",
    "checklist", "review",
)  # fmt: skip
#: Answers about the second platform.
_OF_PLAZA = {"plaza/account": {"account_id": CLIENT}, "plaza/assets": {"storefront": f"{SHOP}\n{OTHER_SHOP}"}}
Request = tuple[str, str]


class Counting(httpx2.AsyncBaseTransport):
    """The application, asked for one thing at a time.

    `found` has the most round trips of each route; `compiled` the statements that were not in SQLAlchemy's cache.
    """

    def __init__(self, app: FastAPI, wire: Wire, compiled: list[str]) -> None:
        self._inner, self._wire, self.compiled = httpx2.ASGITransport(app=app), wire, compiled
        self.found: dict[Request, list[str]] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request and note it."""
        self._wire.forget()
        answer = await self._inner.handle_async_request(request)
        assert answer.status_code < 500
        where = (request.method, route_of(request.method, request.url.path))
        self.found[where] = max(self.found.get(where, []), list(self._wire.trips), key=len)
        return answer


def portal_routes() -> Iterator[APIRoute]:
    """The client's routes, in the order in which they are tried."""
    for router in routes.ROUTERS:
        yield from (route for route in router.routes if isinstance(route, APIRoute))


def route_of(method: str, path: str) -> str:
    """The route as it is written in the code; other addresses are returned as they are."""
    scope = {"type": "http", "method": method, "path": path}
    found = (route.path for route in portal_routes() if route.matches(scope)[0] is Match.FULL)
    return path if path.startswith(("/api/", "/callbacks/")) else next(found)


@dataclass(frozen=True)
class Tour:
    """One agency and its client's browsers, all through the same application."""

    transport: httpx2.AsyncBaseTransport
    house: House
    sessions: Sessions
    keyring: Keyring
    corner: Corner
    member: str

    @asynccontextmanager
    async def browser(self, cookie: str = CLIENT_BROWSER) -> AsyncIterator[httpx2.AsyncClient]:
        """A browser of the client."""
        async with httpx2.AsyncClient(transport=self.transport, base_url=PUBLIC_URL) as browser:
            browser.cookies.set(forms.BROWSER, cookie)
            yield browser

    async def link(self, preset: str) -> Corner:
        """One more link of the client."""
        corner = self.corner
        async with self.sessions.begin() as session:
            made, token = await link_service.create_link(
                session, corner.agency_id, client_id=corner.client_id, preset=preset, keyring=self.keyring, actor=TESTS
            )
        return replace(corner, link_id=made.link.id, token=token)

    async def everything(self) -> None:
        """Every route."""
        headers = {"Authorization": f"Bearer {self.corner.key}"}
        async with AsyncExitStack() as stack:
            browser = await stack.enter_async_context(self.browser())
            api = await stack.enter_async_context(
                httpx2.AsyncClient(transport=self.transport, base_url=f"{PUBLIC_URL}/api/v1", headers=headers)
            )
            for _ in range(2):  # the first writes when the key was used
                await api.get("/me")
            await tell_identities(self.sessions, self.corner)
            account = {"platform": "plaza", "account_id": AGENCY, "name": "North"}
            for path, body in (("/agency/accounts", account), ("/presets", PRESET)):
                answer = await api.post(path, json=body)
                assert answer.status_code == 201, answer.text
            by_hand = Walk(browser, await self.link("everything"))
            await self.by_hand(by_hand)
            await self.new_device(by_hand)
            await self.connected(Walk(browser, await self.link("everything")))
            await self.doors(browser, api)

    async def by_hand(self, walk: Walk) -> None:
        """The guided lane from the link to the progress, and each screen once more."""
        await walk.start()
        await walk.see()
        for used in ("no", "yes"):
            await walk.send("use", used=used)
        for screen in SEQUENCE:
            await walk.see(screen)
            await self.fill(walk, screen)
        await self.passed_on(walk)
        await self.after_consent(walk)

    async def passed_on(self, walk: Walk) -> None:
        """One step by somebody else, which is taken back."""
        await walk.send("someone-else", person="Ana Lima", platform="tiktok")
        page = (await walk.see("someone-else")).text
        found = re.search(r'value="([^"]+/l/step/[^"]+)".*?name="step" value="([^"]+)"', page, re.DOTALL)
        assert found
        async with self.browser("browser-of-a-colleague-in-our-tests-000000") as browser:
            await press(browser, found[1])
            assert "Ana Lima" in (await Walk(browser, walk.corner).see("your-step")).text
        await walk.send("someone-else/revocation", step=found[2])
        await walk.see("other-device")
        await walk.send("other-device", to="invited")

    async def connected(self, walk: Walk) -> None:
        """The connected lane from the link to the receipt, and each screen once more."""
        await self.house.connect_agency(self.corner, self.member)
        await walk.start()
        await walk.see("way")
        await trip(walk, self.house)
        for screen in SEQUENCE[1:]:
            await walk.see(screen)
            await self.fill(walk, screen, account_id=seed.MAISON_LUNE, ad_account=[LUNE_EU])
        await self.house.work()
        await self.after_consent(walk)

    async def fill(self, walk: Walk, screen: str, **given: Any) -> None:
        """Send the form of a screen."""
        if screen in ("way", "plaza/way"):
            await walk.send(screen.replace("way", "lane"), **BY_HAND["lane"])
        elif screen in _OF_PLAZA:
            await walk.send(screen, **_OF_PLAZA[screen])
        elif screen == "questions":
            data = {"form_token": await walk.token(), "q-website": "brand.com"}
            files = [("q-plan", ("plan.pdf", b"%PDF-1.7 the plan"))]
            await walk.browser.post(f"{walk.path}/questions", data=data, files=files, headers=SAME_ORIGIN)
        elif screen == "assets":
            assets = {"ad_account": given.get("ad_account", ["7200000000000000201"]), "pixel": [PIXEL_LUNE_CODE]}
            await walk.send("assets", **assets, catalog=CATALOG_LUNE)
        elif screen == "review":
            catalog = next(each for each in await self.house.access_requests(walk.corner) if each.kind == "catalog")
            for answer in ("no", "yes"):
                await walk.send("review/answer", group=catalog.id, answer=answer)
                await walk.see("review")
            await self.fill(walk, "assets", **given)
            assert walk.goes_to(await walk.agree()) == "progress"
        else:
            await walk.send(screen, **{**BY_HAND.get(screen, {}), **given})

    async def after_consent(self, walk: Walk) -> None:
        """What there is after the consent."""
        for screen in ("", *SEQUENCE, "progress", "progress/lines", "receipt"):
            await walk.see(screen)
        (manual,) = [each for each in await self.house.access_requests(walk.corner) if each.platform == "meta"]
        for guide in ("guides", "linking", "linking/settings/existing", "linking/ad/new?every=true", "linking/result"):
            await walk.see(f"tiktok/{guide}")
        for fields in ({"refused": "yes"}, {"handle": ""}, {"handle": "@lune", "login": "tiktok"}):
            await walk.send("tiktok/linking/result", **fields)
            await walk.see("tiktok/linking/result")
        for steps in ("tiktok/steps", f"access-requests/{manual.id}/steps"):
            for shown in ("", "?step=3", "?every=true"):
                await walk.see(f"{steps}{shown}")
        for form in ("check", f"access-requests/{manual.id}/done", f"access-requests/{manual.id}/not-done"):
            await walk.send(form)
        for form in ("reduction", "sharing-account"):
            await walk.send(form, access_request=manual.id)
        await walk.see("progress")
        await walk.send("change", screen="assets")
        await walk.send("still-right")
        await walk.send("erasure-request")

    async def new_device(self, walk: Walk) -> None:
        """Another browser on the same link."""
        async with self.browser("another-browser-of-the-client-in-tests-0000") as browser:
            there = Walk(browser, walk.corner)
            await there.start()
            await there.see()
            page = await there.see("device")
            token = re.search(r'name="form_token" value="([0-9a-f]{64})"', page.text)
            assert token
            for form, fields in (
                ("", {"address": "invited"}), ("/code", {"code": "000000"}), ("/proof", {}),
            ):  # fmt: skip
                await there.send(f"device{form}", form_token=token[1], **fields)
                await there.see("device")

    async def doors(self, browser: httpx2.AsyncClient, api: httpx2.AsyncClient) -> None:
        """Addresses without a screen: a public link, an ended link, a stray address, logo and colour."""
        public = (await api.post("/public-links", json={"preset": "everything"})).json()["address"]
        await press(browser, public, company="Brand", name="Ana Lima", email="ana@brand.example")
        over = Walk(browser, await self.link("run-campaigns"))
        await over.start()
        await press(browser, url.no_reminders(over.corner.link_path))
        await browser.get(url.no_reminders(over.corner.link_path))
        token = await over.token()
        assert (await api.post(f"/links/{over.corner.link_id}/revocation")).status_code == 200
        await over.see()
        await browser.get(f"/{over.corner.token}")
        await press(browser, over.corner.link_path, f"{over.corner.link_path}/renewal")
        await over.send("renewal", form_token=token)
        async with self.sessions.begin() as session:
            made = picture(drawn(size=(600, 100)))
            await logos.set_logo(session, self.corner.agency_id, made, actor=TESTS)
            await pictures.add(session, self.corner.agency_id, made)
        await browser.get(f"/logo/{self.corner.slug}/{made.sha256}.png")
        await browser.get(f"{PICTURES}/{self.corner.agency_id}/{made.sha256}.png")
        await browser.get("/l/brand/112233.css")


@pytest.fixture
async def counting(
    settings: Settings,
    database: Database,
    keyring: Keyring,
    http: httpx2.AsyncClient,
    applications: dict[object, FastAPI],
) -> AsyncIterator[Counting]:
    """The application on the engine of the web process, with a proxy before PostgreSQL."""
    async with tapped(database.url) as wire:
        engine = make_engine(wire.url)
        compiled: list[str] = []

        @event.listens_for(engine.sync_engine, "before_cursor_execute")
        def note(_connection: Any, _cursor: Any, statement: str, _given: Any, context: Any, _many: Any) -> None:
            named = context.compiled is not None and not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK TO"))
            if named and context.cache_hit is not CacheStats.CACHE_HIT:
                compiled.append(statement)

        app = applications.setdefault("counting", main.create_app(settings))
        async with running(settings, make_sessions(engine), http, app) as made:
            made.state.services.platforms = with_plaza(made.state.services.platforms, Plaza())
            made.state.services.outbox = MailQueue(keyring, PUBLIC_URL)
            yield Counting(made, wire, compiled)
        await engine.dispose()


@pytest.fixture
def figures() -> Iterator[dict[str, int]]:
    """All that was counted, by request."""
    found: dict[str, int] = {}
    yield found
    if file := os.environ.get("KEYTURN_ROUND_TRIPS"):
        Path(file).write_text(json.dumps(found), encoding="utf-8")


async def test_no_page_of_a_client_takes_more_round_trips(
    counting: Counting, house: House, sessions: Sessions, keyring: Keyring, world: World, figures: dict[str, int]
) -> None:
    house = replace(house, tools=replace(house.tools, platforms=with_plaza(house.tools.platforms, Plaza())))
    for corner, member in ((world.south, seed.SIMON_SOUTH), (world.north, seed.NORA_NORTH)):
        counting.found.clear()
        counting.compiled.clear()
        await Tour(counting, house, sessions, keyring, corner, member).everything()
    found = counting.found
    there = {(method, route.path) for route in portal_routes() for method in route.methods or ()}
    assert there - found.keys() == set(), "not tried"
    figures.update({" ".join(where): len(found[where]) for where in sorted({*there, ME_REQUEST})})
    for where in sorted(there - {CALLBACK}):
        if where[0] == "GET":
            check(where, found[where], MORE.get(where[1], PAGE))
    check(ME_REQUEST, found[ME_REQUEST], ME)
    assert sorted(set(counting.compiled)) == [], "compiled with each request"


def check(where: Request, trips: list[str], most: int) -> None:
    """Say which round trips there are where they are too many."""
    assert len(trips) <= most, "\n".join([f"{' '.join(where)}: {len(trips)} round trips, {most} before:", *trips])
