"""The language of a page: of the link, of the client's choice, of the browser, of the agency."""

import httpx2
import pytest
from fastapi import FastAPI

from app.kit.i18n import pseudo
from tests.world import World

UNKNOWN = "/north/nobody/" + "x" * 43


@pytest.fixture
def languages(app: FastAPI) -> None:
    """An installation that offers the pseudo-locale."""
    app.state.services.languages = ("en", pseudo.TAG)


@pytest.mark.usefixtures("languages")
async def test_the_browser_chooses_unless_a_person_did(browser: httpx2.AsyncClient, world: World) -> None:
    page = await browser.get(world.north.link_path, headers={"Accept-Language": "fr, en-XA;q=0.5"})
    assert '<html lang="en-XA" dir="ltr"' in page.text
    page = await browser.get(world.north.link_path, params={"language": "en"})
    assert '<html lang="en" dir="ltr"' in page.text
    page = await browser.get(world.north.link_path, headers={"Accept-Language": "en-XA"})
    assert '<html lang="en" dir="ltr"' in page.text, "the choice is kept"
    assert 'href="?language=en-XA"' in page.text


async def test_one_language_is_no_choice(browser: httpx2.AsyncClient, world: World) -> None:
    page = await browser.get(world.north.link_path, headers={"Accept-Language": "en-XA"}, params={"language": "en-XA"})
    assert '<html lang="en" dir="ltr"' in page.text
    assert "?language=" not in page.text
    assert "set-cookie" not in page.headers or "keyturn_language" not in page.headers["set-cookie"]


@pytest.mark.usefixtures("languages")
async def test_a_language_nobody_offers_is_ignored(browser: httpx2.AsyncClient) -> None:
    page = await browser.get(UNKNOWN, params={"language": "<script>"})
    assert '<html lang="en" dir="ltr"' in page.text
    assert "<script>" not in page.text
