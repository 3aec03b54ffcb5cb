"""The application at its address: a path before ours, HEAD, stray addresses, what is served where, no database."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from starlette.routing import Mount, Route

from app import main
from app.kit.database import Sessions, make_engine, make_sessions
from app.settings import Settings
from simulator import seed
from tests.api import belongings
from tests.api.operations import every
from tests.api.test_who_may import SHARED
from tests.client_portal.walk import BY_HAND, WITHOUT_ORIGIN, Walk
from tests.conftest import running
from tests.house import House
from tests.kit.web.strays import STRAYS
from tests.world import PUBLIC_URL, World

BELOW = "https://agency.example/keyturn"
#: Paths in a page that a browser would follow.
_FOLLOWED = re.compile(r'(?:href|src|action|hx-get|hx-post)="(/[^"]*)"')
SECURED = {
    "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-robots-tag": "noindex",
    "strict-transport-security": "max-age=31536000",
}  # fmt: skip


@asynccontextmanager
async def at(settings: Settings, sessions: Sessions, base: str, **changed: object) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser at an installation with this public address."""
    chosen = settings.model_copy(update={"public_url": base, **changed})
    async with (
        running(chosen, sessions) as app,
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=base) as browser,
    ):
        yield browser


@pytest.fixture
async def below(settings: Settings, sessions: Sessions) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser at an installation whose address has a path."""
    async with at(settings, sessions, BELOW) as browser:
        yield browser


async def test_below_a_path_every_page_leads_below_it(below: httpx2.AsyncClient, world: World) -> None:
    walk = Walk(below, world.north)
    seen = [await below.get(walk.corner.link_path)]
    started = await walk.start()
    assert started.headers["location"] == f"/keyturn{walk.path}"
    assert "path=/keyturn/;" in f"{started.headers['set-cookie'].lower()};"
    for screen in BY_HAND:
        if screen != "lane":
            seen.append(await walk.see(screen))
        sent = await walk.send(screen, **BY_HAND[screen])
        assert sent.headers["location"].startswith(f"/keyturn{walk.path}/"), screen
    seen.append(await walk.see("review"))
    await walk.agree()
    seen += [await walk.see("progress"), await below.get("/nowhere"), await below.get("/l/link_0/tiktok/way")]
    for page in seen:
        followed = _FOLLOWED.findall(page.text)
        assert followed, page.url
        assert [path for path in followed if not path.startswith("/keyturn/")] == [], page.url
        for path in {path for path in followed if "/static/" in path or path.endswith(".css")}:
            assert (await below.get(f"https://agency.example{path}")).status_code == 200, path


async def test_below_a_path_tiktok_sends_people_back_below_it(below: httpx2.AsyncClient, world: World) -> None:
    walk = Walk(below, world.north)
    await walk.start()
    asked = httpx2.URL((await walk.send("connection")).headers["location"]).params
    assert asked["redirect_uri"] == f"{BELOW}/callbacks/tiktok"
    back = await below.get(asked["redirect_uri"], params={"state": asked["state"], "auth_code": "none"})
    assert back.headers["location"].startswith(f"{BELOW}{walk.path}/return?")
    assert (await below.get(back.headers["location"])).headers["location"].startswith(f"/keyturn{walk.path}/")


async def test_below_a_path_the_api_names_it(below: httpx2.AsyncClient, world: World) -> None:
    below.headers["Authorization"] = f"Bearer {world.north.key}"
    document = (await below.get("/api/v1/openapi.json")).json()
    assert document["servers"] == [{"url": BELOW}]
    link = await below.post("/api/v1/links", json={"client_id": world.north.client_id, "preset": "prospect"})
    assert link.json()["address"].startswith(f"{BELOW}/north/")
    assert (await below.get(link.json()["address"])).status_code == 200
    unknown = await below.get("/api/v1/nothing")
    assert (unknown.status_code, unknown.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(("path", "leads_back"), [("/desk/join/none", True), ("/deskless", False)])
async def test_below_a_path_refusals_of_the_dashboard_lead_back_to_it(
    below: httpx2.AsyncClient, path: str, leads_back: bool
) -> None:
    refused = await below.get(path)
    assert refused.status_code >= 400
    assert ('<a href="/keyturn/desk">' in refused.text) == leads_back


async def test_a_proxy_may_cut_the_path_off(below: httpx2.AsyncClient, world: World) -> None:
    page = await below.get(f"https://agency.example{world.north.link_path}")
    assert page.status_code == 200
    assert 'href="/keyturn/static/' in page.text
    assert (await below.get("https://agency.example/healthz")).status_code == 200


@pytest.mark.parametrize("slashes", ["{}/", "{}//", "/{}", "//evil.example/../{}"])
async def test_no_slash_leads_anywhere_else(browser: httpx2.AsyncClient, world: World, slashes: str) -> None:
    """Neither to the host that the request names, nor to http."""
    path = slashes.format(world.north.link_path)
    forged = {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
    for method, host in ((each, host) for each in ("GET", "HEAD", "POST") for host in ("keyturn:8000", "evil.example")):
        headers = {"Host": host, **forged, **WITHOUT_ORIGIN}
        answer = await browser.request(method, f"{PUBLIC_URL}{path}", headers=headers)
        assert answer.status_code in ((421,) if host == "evil.example" else (200, 303)), (method, answer.status_code)
        assert "evil" not in answer.headers.get("location", "")
        assert answer.headers.get("location", "/").startswith("/")
        assert SECURED.items() <= dict(answer.headers).items()


@pytest.mark.parametrize("stray", STRAYS)
async def test_what_is_nearly_a_link_leads_to_it(browser: httpx2.AsyncClient, world: World, stray: str) -> None:
    path = world.north.link_path
    answer = await browser.get(stray.format(link=path, token=world.north.token))
    assert (answer.status_code, answer.headers.get("location")) == (303, path)


@pytest.mark.parametrize("stray", STRAYS)
async def test_what_is_nearly_an_public_link_leads_to_it(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, stray: str
) -> None:
    made = await api.post("/public-links", json={"preset": "prospect"})
    path = httpx2.URL(made.json()["address"]).path
    answer = await browser.get(stray.format(link=path, token=path.rpartition("/")[2]))
    assert (answer.status_code, answer.headers.get("location")) == (303, path)


async def test_a_link_works_in_upper_case_and_a_cut_one_is_not_known(browser: httpx2.AsyncClient, world: World) -> None:
    assert (await browser.get(f"/NORTH/Maison-Lune/{world.north.token}")).status_code == 200
    short, last = world.north.link_path[:-1], world.north.link_path[-1]
    other = "E" if last == "A" else "A"  # both can end a secret
    for cut in (short, f"{short}{other}.", f"/x/y/{'z' * 43}."):
        answer = await browser.get(cut)
        assert (answer.status_code, "know this link" in answer.text) == (404, True), cut


async def test_head_is_get_without_a_body(
    api: httpx2.AsyncClient, browser: httpx2.AsyncClient, house: House, world: World
) -> None:
    walk = Walk(browser, world.north)
    mine = SHARED | await belongings.of(house.tools.sessions, house.tools.keyring, world.north)
    await walk.start()
    addresses = [f"{PUBLIC_URL}/api/v1{each.at(mine)}" for each in every() if each.method == "GET"]
    addresses += [f"{PUBLIC_URL}{path}" for path in (
        walk.corner.link_path, f"{walk.corner.link_path}.", "/healthz", "/readyz", "/static/icon.svg",
        "/l/brand/0b5cad.css", "/nowhere", "/api/v1/openapi.json", "/api/v1/nothing", walk.path,
        *(f"{walk.path}/{screen}" for screen in BY_HAND), f"{walk.path}/review",
    )]  # fmt: skip
    client = {"Authorization": api.headers["Authorization"]}
    for address in addresses:
        got = await browser.get(address, headers=client)
        head = await browser.head(address, headers=client)
        assert (head.status_code, head.headers.get("content-type")) == (
            got.status_code,
            got.headers.get("content-type"),
        )
        assert head.content == b"", address


async def test_head_changes_nothing(browser: httpx2.AsyncClient, house: House, database_url: str, world: World) -> None:
    """Mail filters try addresses with HEAD, the ways back from TikTok too."""
    walk = Walk(browser, world.north)
    await walk.start()
    await walk.answer("lane")
    out = await walk.send("connection")
    query = await house.tiktok.consent(out.headers["location"], seed.ANA_CLIENT)
    before = await _rows(database_url)
    for path in ("/callbacks/tiktok", walk.corner.link_path, f"{walk.path}/tiktok/way", "/connect/return?handle=x"):
        await browser.head(path, params=query if "callbacks" in path else None)
    assert await _rows(database_url) == before
    back = await browser.get("/callbacks/tiktok", params=query)
    await browser.head(back.headers["location"])
    assert walk.goes_to(await browser.get(back.headers["location"])) == "assets"


async def _rows(database_url: str) -> dict[str, list[str]]:
    """All that is kept."""
    async with make_engine(database_url, kept=False).connect() as session:
        tables = await session.scalars(text("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"))
        return {
            table: sorted(map(str, (await session.execute(text(f"SELECT * FROM {table}"))).all())) for table in tables
        }


async def test_every_answer_is_secured(browser: httpx2.AsyncClient, api: httpx2.AsyncClient, world: World) -> None:
    for path in (
        "/", "/nowhere", "/healthz", "/static/icon.svg", "/static/nothing", "/api/v1/me", "/api/v1/nothing",
        "/api/v1/openapi.json", world.north.link_path, f"{world.north.link_path}.", "/l/link_0/tiktok/way",
        "/callbacks/tiktok",
        "/logo/north/x.png", "/connect/nothing",
    ):  # fmt: skip
        for method in ("GET", "POST", "DELETE", "OPTIONS"):
            answer = await browser.request(method, path)
            assert SECURED.items() <= dict(answer.headers).items(), (method, path)
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"] or "logo" in path


@pytest.mark.parametrize(("serve", "pages", "api_"), [("all", 200, 401), ("pages", 200, 404), ("api", 404, 401)])
async def test_pages_and_api_can_be_served_apart(
    settings: Settings, sessions: Sessions, world: World, serve: str, pages: int, api_: int
) -> None:
    async with at(settings, sessions, PUBLIC_URL, serve=serve) as browser:
        for path in (world.north.link_path, "/l/brand/0b5cad.css", "/static/icon.svg"):
            assert (await browser.get(path)).status_code == pages, path
        for path in ("/callbacks/tiktok", "/l/link_0/tiktok/way", "/connect/nothing"):
            assert ((await browser.get(path)).status_code == 404) == (pages == 404), path
        unknown = await browser.get("/api/v1/me")
        assert (unknown.status_code, unknown.headers["content-type"]) == (api_, "application/problem+json")
        assert (await browser.get("/api/v1/openapi.json")).status_code == (404 if api_ == 404 else 200)
        for path in ("/healthz", "/readyz"):
            assert (await browser.get(path)).status_code == 200


def test_no_route_is_behind_an_included_router(app: FastAPI) -> None:
    """FastAPI tries those several times, and tests that walk the routes would not see them."""
    assert [route for route in app.routes if not isinstance(route, Route | Mount)] == []


async def test_figures_are_on_the_inner_address_alone(app: FastAPI, browser: httpx2.AsyncClient) -> None:
    assert (await browser.get("/metrics")).status_code == 404
    inner = httpx2.ASGITransport(main.inner_app(app))
    async with httpx2.AsyncClient(transport=inner, base_url="http://inside") as inside:
        assert "python_info" in (await inside.get("/metrics")).text
        assert (await inside.get("/readyz")).json() == {"status": "ready"}


async def test_a_database_that_is_away_is_said_with_when_to_come_again(settings: Settings, world: World) -> None:
    engine = make_engine("postgresql+asyncpg://nobody:s3cret@127.0.0.1:1/nothing")
    async with at(settings, make_sessions(engine), PUBLIC_URL) as browser:
        answer = await browser.get("/api/v1/me", headers={"Authorization": f"Bearer {world.north.key}"})
        assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
        page = await browser.get(world.north.link_path)
        assert (page.status_code, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
        for each in (answer, page):
            assert int(each.headers["retry-after"]) > 0
            assert SECURED.items() <= dict(each.headers).items()
            assert "127.0.0.1" not in each.text
            assert "s3cret" not in each.text
    await engine.dispose()


async def test_a_database_lost_in_the_middle_is_away_too(
    browser: httpx2.AsyncClient, sessions: Sessions, database_url: str, world: World
) -> None:
    """The connection is ended while a request waits on it."""
    ending = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    besides = make_engine(database_url, kept=False)
    async with sessions() as other, asyncio.timeout(30):
        await other.execute(text("LOCK TABLE links"))
        asked = asyncio.ensure_future(browser.get(world.north.link_path))
        ended = 0
        while not ended:
            async with besides.connect() as connection:
                ended = (await connection.execute(ending)).scalar_one()
        answer = await asked
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
