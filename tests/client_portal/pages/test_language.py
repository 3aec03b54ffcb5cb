"""The language of a page: of the link, of the client's choice, of the browser, of the agency."""

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import update

from app.kit.database import Sessions
from app.kit.i18n import pseudo
from app.links.models import Link
from app.tenants.agencies.models import Agency
from tests.world import World

UNKNOWN = "/north/nobody/" + "x" * 43
ENGLISH, PSEUDO = '<html lang="en" dir="ltr"', '<html lang="en-XA" dir="ltr"'
WANTS_PSEUDO = {"Accept-Language": "fr, en-XA;q=0.5"}


@pytest.fixture
def languages(app: FastAPI) -> None:
    """An installation that offers the pseudo-locale."""
    app.state.services.languages = ("en", pseudo.TAG)


async def _set(sessions: Sessions, world: World, *, link: str | None, agency: str) -> None:
    ids = world.north
    async with sessions.begin() as session:
        await session.execute(
            update(Link).where(Link.agency_id == ids.agency_id, Link.id == ids.link_id).values(language=link)
        )
        await session.execute(update(Agency).where(Agency.id == ids.agency_id).values(language=agency))


@pytest.mark.usefixtures("languages")
async def test_the_browser_chooses_unless_a_person_did(browser: httpx2.AsyncClient, world: World) -> None:
    page = await browser.get(world.north.link_path, headers=WANTS_PSEUDO)
    assert PSEUDO in page.text
    page = await browser.get(world.north.link_path, params={"language": "en"})
    assert ENGLISH in page.text
    page = await browser.get(world.north.link_path, headers=WANTS_PSEUDO)
    assert ENGLISH in page.text, "the choice is kept"
    assert 'href="?language=en-XA"' in page.text


@pytest.mark.usefixtures("languages")
async def test_the_agency_decides_where_it_chose_a_language(
    browser: httpx2.AsyncClient, world: World, sessions: Sessions
) -> None:
    await _set(sessions, world, link="en", agency=pseudo.TAG)
    page = await browser.get(world.north.link_path, headers=WANTS_PSEUDO, params={"language": pseudo.TAG})
    assert ENGLISH in page.text
    assert "?language=" not in page.text, "there is nothing to choose"


@pytest.mark.usefixtures("languages")
async def test_without_any_choice_the_language_is_the_agencys(
    browser: httpx2.AsyncClient, world: World, sessions: Sessions
) -> None:
    await _set(sessions, world, link=None, agency=pseudo.TAG)
    assert PSEUDO in (await browser.get(world.north.link_path, headers={"Accept-Language": "fr"})).text
    assert ENGLISH in (await browser.get(UNKNOWN)).text, "no agency is known here"


async def test_one_language_is_no_choice(app: FastAPI, browser: httpx2.AsyncClient, world: World) -> None:
    app.state.services.languages = ("en",)
    page = await browser.get(world.north.link_path, headers=WANTS_PSEUDO, params={"language": pseudo.TAG})
    assert ENGLISH in page.text
    assert "?language=" not in page.text
    assert "keyturn_language" not in page.headers.get("set-cookie", "")


@pytest.mark.usefixtures("languages")
async def test_a_language_nobody_offers_is_ignored(browser: httpx2.AsyncClient) -> None:
    page = await browser.get(UNKNOWN, params={"language": "<script>"})
    assert ENGLISH in page.text
    assert "<script>" not in page.text


async def test_an_agency_can_choose_a_language_and_take_the_choice_back(api: httpx2.AsyncClient) -> None:
    made = (await api.post("/clients", json={"name": "Brand"})).json()
    assert made["language"] is None
    chosen = await api.patch(f"/clients/{made['id']}", json={"language": "fr"})
    link = (await api.post("/links", json={"client_id": made["id"], "preset": "prospect"})).json()
    assert (chosen.json()["language"], link["language"]) == ("fr", "fr")
    taken_back = await api.patch(f"/clients/{made['id']}", json={"language": None})
    assert taken_back.json()["language"] is None
    agency = await api.patch("/agency", json={"language": "pl"})
    assert agency.json()["language"] == "pl"
