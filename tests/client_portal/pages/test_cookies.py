"""A browser that keeps no cookies: it is said, with the ways on, and nobody is sent in a circle."""

import httpx2
import pytest

from tests.client_portal.pages.test_someone_else import passed_on
from tests.client_portal.walk import WITHOUT_ORIGIN, Walk
from tests.world import PUBLIC_URL, World

INSTAGRAM = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile Instagram 350.0"


async def _without_cookies(browser: httpx2.AsyncClient, address: str, **fields: str) -> httpx2.Response:
    """Press the button of a page, and follow without the cookie that was set."""
    browser.cookies.clear()
    sent = await browser.post(address, data=fields, headers=WITHOUT_ORIGIN)
    browser.cookies.clear()
    assert sent.status_code == 303
    assert str(sent.headers["location"]).startswith("/l/"), "not to the platform and back for nothing"
    return await browser.get(sent.headers["location"])


@pytest.mark.parametrize("lane", ["", "connected", "guided"])
async def test_it_is_said_after_start(browser: httpx2.AsyncClient, world: World, lane: str) -> None:
    shown = await _without_cookies(browser, world.north.link_path, lane=lane)
    assert shown.status_code == 403
    assert "keeps no cookies" in shown.text
    assert "Safari or Chrome" in shown.text
    assert "Open your link again to continue" not in shown.text
    assert "inside" not in shown.text


async def test_the_app_around_is_named(browser: httpx2.AsyncClient, world: World) -> None:
    browser.headers["user-agent"] = INSTAGRAM
    assert "inside Instagram" in (await _without_cookies(browser, world.north.link_path)).text


async def test_it_is_said_on_a_step_link(walk: Walk) -> None:
    await walk.start()
    address = await passed_on(walk)
    assert "keeps no cookies" in (await _without_cookies(walk.browser, address)).text


async def test_it_is_said_on_a_public_link(browser: httpx2.AsyncClient, api: httpx2.AsyncClient) -> None:
    address = (await api.post("/public-links", json={"preset": "run-campaigns"})).json()["address"]
    who = {"company": "Brand", "name": "Ana Lima", "email": "ana@brand.example"}
    assert "keeps no cookies" in (await _without_cookies(browser, address.removeprefix(PUBLIC_URL), **who)).text


async def test_a_screen_in_a_browser_that_never_opened_the_link_is_another_matter(walk: Walk) -> None:
    walk.browser.cookies.clear()
    assert "Open your link again to continue" in (await walk.see("review")).text


async def test_a_kept_cookie_goes_on(walk: Walk) -> None:
    walk.browser.cookies.clear()
    sent = await walk.browser.post(walk.corner.link_path, headers=WITHOUT_ORIGIN)
    assert walk.goes_to(await walk.browser.get(sent.headers["location"])) == "way"
