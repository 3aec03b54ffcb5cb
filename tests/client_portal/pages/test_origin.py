"""Forms of other sites: refused on every route that takes a form, by the headers that no page can set."""

import re
from collections.abc import Iterable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from app.kit import clock
from app.kit.database import Sessions
from app.kit.html import forms
from app.tenants.agencies import domains
from tests.client_portal.walk import Walk
from tests.world import PUBLIC_URL, TESTS, World

#: What a browser calls another site.
FOREIGN = (
    "https://evil.example",
    "http://localhost:8000",
    "https://go.keyturn.example.evil.example",
    "chrome-extension://x",
)
_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


def forms_of(routes: Iterable[Any]) -> set[str]:
    """Every path outside of the API that takes a POST."""
    found = {route.path for route in routes if "POST" in (getattr(route, "methods", None) or ())}
    return {
        path for path in found if path.startswith("/l/{") or path.split("/")[1] in ("connect", "{agency:agency_slug}")
    }


def _filled(path: str, world: World) -> str:
    known = {"link_id": world.north.link_id, "agency:agency_slug": "north", "client": "maison-lune"}
    known |= {"token": world.north.token, "access_request_id": "access_x"}
    return re.sub(r"\{([^}]+)\}", lambda part: known.get(part[1], "x"), path)


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_foreign_origin_is_refused_on_every_form(app: FastAPI, walk: Walk, world: World, origin: str) -> None:
    await walk.start()
    token = await walk.token()
    paths = forms_of(app.routes)
    assert len(paths) > 20
    for path in paths:
        sent = await walk.browser.post(
            _filled(path, world), data={"form_token": token}, headers={"Origin": origin}
        )  # fmt: skip
        assert sent.status_code == 403, (path, sent.status_code)
        assert "nothing was changed" in sent.text, path


@pytest.mark.parametrize("origin", [PUBLIC_URL, None])
async def test_our_own_origin_is_taken(walk: Walk, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}
    assert (await walk.browser.post(walk.corner.link_path, headers=headers)).status_code == 303


async def test_an_agencys_own_domain_is_ours_when_the_link_lies_there(
    app: FastAPI, sessions: Sessions, world: World
) -> None:
    own = "https://links.north.example"
    async with sessions.begin() as session:
        domain = await domains.add(session, world.north.agency_id, "links.north.example", actor=TESTS)
        domain.verified_at = clock.now()
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=own) as browser:
        path = world.north.link_path
        assert (await browser.post(path, headers={"Origin": own})).status_code == 303
        assert (await browser.post(path, headers={"Origin": "https://links.south.example"})).status_code == 403


async def test_an_opaque_origin_needs_the_token_of_the_page(browser: httpx2.AsyncClient, world: World) -> None:
    """Our pages have no referrer, so browsers send `Origin: null` with our own forms, and so does a sandboxed page."""
    path, opaque = world.north.link_path, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    without = await browser.post(path, headers=opaque)
    assert without.status_code == 403
    assert "keeps no cookies" in without.text
    token = _TOKEN.search((await browser.get(path)).text)
    assert token
    assert forms.BROWSER in browser.cookies
    assert (await browser.post(path, headers=opaque)).status_code == 403
    assert (await browser.post(path, headers=opaque, data={"form_token": "0" * 64})).status_code == 403
    assert (await browser.post(path, headers=opaque, data={"form_token": token[1]})).status_code == 303


async def test_every_form_that_anybody_may_send_carries_its_token(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, world: World
) -> None:
    made = await api.post("/public-links", json={"preset": "prospect"})
    invited = await api.post("/connections/invitations")
    addresses = [made.json()["address"], invited.json()["address"], f"{PUBLIC_URL}{world.north.link_path}"]
    for address in addresses:
        page = await browser.get(address)
        assert page.status_code == 200
        assert page.text.count('method="post"') == len(_TOKEN.findall(page.text)) >= 1, address
