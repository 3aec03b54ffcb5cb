"""Existing access of the agency: connecting, imports with progress, partners, and access with its findings."""

import html
import re

import httpx2
import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from app.access.buyers.models import BuyerAccess
from app.access.existing_access.service import FINDINGS
from app.access.grants.models import Grant
from app.access.imports import service as imports
from app.access.imports.api import IMPORT_CODES
from app.dashboard.access import FAILURES, LABELS
from app.kit.database import CROSS_TENANT, Sessions
from app.links.models import AccessRequest
from app.settings import Settings
from app.tenants.members.models import Role
from simulator.seed import LUNE_EU
from tests import cost
from tests.access.imports.scenes import Scene
from tests.dashboard.conftest import SignIn
from tests.house import House
from tests.world import TESTS, World

_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A budget so large that no test waits for its turn."""
    return settings.model_copy(update={"tiktok_qps": 1000, "tiktok_qpm": 60_000})


@pytest.fixture
def scene(house: House) -> Scene:
    """Imports of the north agency."""
    return Scene(house, house.world.north)


async def _send(browser: httpx2.AsyncClient, path: str, on: str = "/desk/access", **fields: str) -> httpx2.Response:
    """A form, sent from a page."""
    token = _TOKEN.search((await browser.get(on)).text)
    assert token is not None
    return await browser.post(path, data={"form_token": token[1], **fields})


def _counts(page: str) -> dict[str, int]:
    """Counts of the strip by finding."""
    return {
        key: int(count) for key, count in re.findall(r'href="[^"]*\?finding=(\w+).*?class="n">(\d+)<', page, re.DOTALL)
    }


async def _opened(browser: httpx2.AsyncClient, page: str, step: str) -> str:
    """The address behind a next step, which has on its page what it is about."""
    found = re.search(rf'href="([^"]+)">{step}<', page)
    assert found, step
    address = html.unescape(found[1])
    part = address.partition("#")[2]
    assert not part or f'id="{part}"' in (await browser.get(address)).text, address
    return address


async def test_a_manager_connects_and_what_is_read_shows_up(
    browser: httpx2.AsyncClient, sign_in: SignIn, scene: Scene
) -> None:
    await sign_in("manager")
    page = (await browser.get("/desk/access")).text
    assert "Connect TikTok" in page
    assert "Read again" not in page
    led = await _send(browser, "/desk/access/connection")
    assert led.status_code == 303
    assert "Connect Keyturn to North Agency" in (await browser.get(led.headers["location"])).text
    await scene.crowd(7)
    await scene.connect()
    page = (await browser.get("/desk/access")).text
    polled = re.search(r'hx-get="([^"]+)"', page)
    assert polled is not None
    assert 'id="imports"' in (await browser.get(html.unescape(polled[1]))).text
    assert "Listing partners" in page
    await scene.turn()
    assert "0 of 7 partners read" in (await browser.get("/desk/access")).text
    await scene.turn()
    assert "7 partners read, now their catalogs" in (await browser.get("/desk/access")).text
    await scene.run()
    page = (await browser.get("/desk/access")).text
    assert "hx-get=" not in page
    assert "7 partners read" in page
    assert _counts(page) == {"drifted": 0, "closed": 0, "wide": 0, "unlinked": 7, "none": 0}
    assert page.count("Make a link") == 5
    assert (await browser.get("/desk/access", params={"finding": "unlinked"})).text.count("Make a link") == 7


async def test_reading_again_needs_a_connection(browser: httpx2.AsyncClient, sign_in: SignIn, scene: Scene) -> None:
    await sign_in("manager")
    refused = await _send(browser, "/desk/access/imports")
    assert (refused.status_code, "Connect your own side first." in refused.text) == (409, True)
    await scene.connect()
    await scene.run()
    assert (await _send(browser, "/desk/access/imports")).status_code == 303
    assert [each.reason for each in await scene.imports()] == ["asked", "connected"]


async def test_findings_follow_what_is_read(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World,
    sessions: Sessions,
) -> None:  # fmt: skip
    await sign_in()
    await house.share(world.north, LUNE_EU)
    page = (await browser.get("/desk/access", params={"finding": "none"})).text
    assert _counts(page) == {"drifted": 0, "closed": 0, "wide": 0, "unlinked": 0, "none": 1}
    assert f"/desk/links/{world.north.link_id}" in page
    await house.tiktok.unshare_by_hand("7111222233334444555", LUNE_EU)
    await house.work()
    page = (await browser.get("/desk/access")).text
    assert _counts(page)["drifted"] == 1
    assert "is no longer shared" in page
    opened = await _opened(browser, page, "Write to the client")
    assert re.fullmatch(rf"/desk/links/{world.north.link_id}\?why=access_\w+#message-title", opened)
    async with sessions.begin() as session:
        wide = update(Grant).values(status="live", role="ADMIN", access_request_id=None, asset_id="7200000000000000999")
        await session.execute(wide.execution_options(**CROSS_TENANT))
    page = (await browser.get("/desk/access")).text
    assert (_counts(page)["wide"], _counts(page)["unlinked"]) == (1, 1)
    assert "full control" in page
    counts = (await api.get("/existing-access/counts")).json()
    assert counts == {
        "all": 1, "agreed": 0, "by_finding": {"drifted": 0, "closed": 0, "wide": 1, "unlinked": 1},
    }  # fmt: skip
    (found,) = (await api.get("/existing-access", params={"finding": "wide", "q": "lune"})).json()["data"]
    assert (found["client_name"], found["findings"], found["access_request_id"]) == (
        "Maison Lune", ["wide", "unlinked"], None,
    )  # fmt: skip
    for none in ({"finding": "drifted"}, {"finding": "none"}, {"q": "nobody"}):
        assert (await api.get("/existing-access", params=none)).json()["data"] == []


async def test_closed_and_too_wide_access_of_a_link_leads_to_the_link(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World,
    sessions: Sessions,
) -> None:  # fmt: skip
    await sign_in("member")
    await house.share(world.north, LUNE_EU)
    (center,) = (await api.get("/agency/accounts")).json()["data"]
    buyers = {"buyers": [{"email": "bo@north.example", "role": "OPERATOR"}]}
    (await api.put(f"/agency/accounts/{center['id']}/buyers", json=buyers)).raise_for_status()
    page = (await browser.get("/desk/access")).text
    assert (_counts(page)["closed"], _counts(page)["none"]) == (1, 0)
    assert "Operator; 1 buyer, who cannot open it yet" in page
    link = f"/desk/links/{world.north.link_id}"
    assert await _opened(browser, page, "Set the buyers") == f"{link}?act=buyers#act"
    async with sessions.begin() as session:
        wide = update(AccessRequest).values(code="role_higher_than_requested", role_seen="ADMIN")
        await session.execute(wide.execution_options(**CROSS_TENANT))
        opened = update(BuyerAccess).values(status="open")
        await session.execute(opened.execution_options(**CROSS_TENANT))
    page = (await browser.get("/desk/access")).text
    assert (_counts(page)["closed"], _counts(page)["wide"]) == (0, 1)
    assert "Admin; Operator was agreed" in page
    asked = re.search(r"why=(access_\w+)", page)
    assert asked
    assert (
        await _opened(browser, page, "Ask for a smaller role") == f"{link}?why={asked[1]}&act=role&about={asked[1]}#act"
    )
    await sign_in("viewer")
    page = (await browser.get("/desk/access")).text
    assert await _opened(browser, page, "Open the link") == link


async def test_access_in_no_link_is_taken_away(
    browser: httpx2.AsyncClient, sign_in: SignIn, scene: Scene, world: World
) -> None:
    await scene.crowd(2)
    await scene.connect()
    await scene.run()
    first, _second = await scene.grants()
    path = f"/desk/access/grants/{first.id}/removal"
    await sign_in("member")
    assert "Take away" not in (await browser.get("/desk/access")).text
    assert (await _send(browser, path)).status_code == 403
    await sign_in(corner=world.south)
    assert (await _send(browser, path)).status_code == 404
    await sign_in("manager")
    assert (await browser.get("/desk/access")).text.count("Take away") == 2
    assert first.asset_id in (await browser.get(path)).text
    assert [each.status for each in await scene.grants()] == ["live", "live"]
    led = await _send(browser, path, on=path)
    assert led.status_code == 303
    row = (await browser.get(led.headers["location"])).text
    assert "being removed" in row
    assert "Take away" not in row
    assert sorted(each.status for each in await scene.grants()) == ["live", "revoking"]
    await scene.house.work()
    assert "the client takes it away" in (await browser.get(led.headers["location"])).text


@pytest.mark.parametrize(("words", "found"), [("  MAISON ", True), (LUNE_EU, True), (LUNE_EU[:9], False), ("%", False)])
async def test_a_search_is_about_clients_assets_and_ids(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World, words: str, found: bool
) -> None:
    await sign_in("viewer")
    await house.share(world.north, LUNE_EU)
    page = await browser.get("/desk/access", params={"q": words, "finding": "all"})
    assert page.status_code == 200
    assert ("/desk/links/link_" in page.text) == found


async def test_lists_have_pages(browser: httpx2.AsyncClient, sign_in: SignIn, scene: Scene) -> None:
    await sign_in("viewer")
    await scene.crowd(53)
    await scene.connect()
    await scene.run()
    for path, row in (("/desk/access?finding=all", r"Partner \d+"), ("/desk/access/partners", r"partners/partner_\w+")):
        first = (await browser.get(path)).text
        older = re.search(r'href="([^"]+cursor=[^"]+)"', first)
        assert older is not None
        second = (await browser.get(older[1].replace("&amp;", "&"))).text
        both = set(re.findall(row, first)), set(re.findall(row, second))
        assert both[0]
        assert both[1]
        assert not both[0] & both[1]
        assert "cursor=" not in second


async def test_no_page_needs_more_statements_for_more_rows(
    browser: httpx2.AsyncClient, sign_in: SignIn, scene: Scene, engine: AsyncEngine
) -> None:
    await sign_in("manager")
    paths = ("/desk/access", "/desk/access?finding=all", "/desk/access/partners", "/desk/audit", "/desk/time-to-access")
    spent: dict[str, list[int]] = {}
    with cost.meter(engine) as meter:
        for partners in (2, 25):
            await scene.crowd(partners)
            await (scene.connect() if partners == 2 else _read_again(scene))
            await scene.run()
            for path in paths:
                await browser.get(path)  # a new connection reads types and settings first
                async with meter.measure() as measured:
                    assert (await browser.get(path)).status_code == 200
                spent.setdefault(path, []).append(len(measured.statements))
    assert all(few > 3 for few, _ in spent.values()), spent
    assert {path: few for path, (few, _) in spent.items()} == {path: many for path, (_, many) in spent.items()}


async def _read_again(scene: Scene) -> None:
    """A person asks for another import."""
    async with scene.house.tools.sessions.begin() as session:
        await imports.start(session, scene.corner.agency_id, "tiktok", reason="asked", actor=TESTS)


async def test_a_partner_is_linked_to_a_client(
    browser: httpx2.AsyncClient, sign_in: SignIn, scene: Scene, world: World
) -> None:
    await sign_in("member")
    await scene.crowd(1)
    await scene.connect()
    await scene.run()
    (partner,) = await scene.partners()
    here = f"/desk/access/partners/{partner.id}"
    assert "No client has a similar name" in (await browser.get(here)).text
    searched = f"{here}?q=lune"
    assert "Maison Lune" in (await browser.get(searched)).text
    assert "Choose a client." in (await _send(browser, here, on=searched)).text
    assert (await _send(browser, here, on=searched, client_id=world.south.client_id)).status_code == 404
    assert (await _send(browser, here, on=searched, client_id="nonsense")).status_code == 404
    assert (await _send(browser, here, on=searched, client_id=world.north.client_id)).status_code == 303
    assert [each.client_id for each in await scene.grants()] == [world.north.client_id]
    assert "With a client" in (await browser.get("/desk/access/partners?only=linked")).text
    assert partner.name in (await browser.get("/desk/access/partners", params={"q": partner.account_id})).text


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("viewer", set()),
        ("member", {"imports"}),
        ("manager", {"imports", "connection"}),
        ("owner", {"imports", "connection"}),
    ],
)
async def test_roles(browser: httpx2.AsyncClient, sign_in: SignIn, scene: Scene, role: Role, may: set[str]) -> None:
    await sign_in(role)
    await scene.connect()
    for form in ("imports", "connection"):
        answer = await _send(browser, f"/desk/access/{form}")
        assert answer.status_code == (303 if form in may else 403), form
    page = (await browser.get("/desk/access")).text
    assert ("Read again" in page) == ("imports" in may)


async def test_another_agency_and_nobody(
    browser: httpx2.AsyncClient, sign_in: SignIn, scene: Scene, world: World
) -> None:
    await scene.crowd(1)
    await scene.connect()
    await scene.run()
    (partner,) = await scene.partners()
    paths = ("/desk/access", "/desk/access/partners", f"/desk/access/partners/{partner.id}")
    for path in paths:
        assert (await browser.get(path)).status_code == 303, path
    await sign_in(corner=world.south)
    for path in paths[:2]:
        assert partner.name not in (await browser.get(path)).text
    assert (await browser.get(paths[2])).status_code == 404
    assert (await _send(browser, paths[2], client_id=world.south.client_id)).status_code == 404


@pytest.mark.parametrize("path", ["imports", "connection", "partners/partner_01ksy1q3e0fzs8qj5m8g3d4w80"])
async def test_forms_need_their_token(browser: httpx2.AsyncClient, sign_in: SignIn, path: str) -> None:
    await sign_in()
    assert (await browser.post(f"/desk/access/{path}", data={"form_token": "wrong"})).status_code == 403


def test_every_code_and_finding_has_words() -> None:
    assert set(FAILURES) == IMPORT_CODES
    assert set(LABELS) == {*FINDINGS, "none", "all"}
