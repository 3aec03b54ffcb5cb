"""The first page of a link: its buttons lead straight to the platform, or to the screens by hand."""

import re

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app.access.connections.models import Authorization
from app.client_portal import rate_limits
from app.kit.database import Sessions
from app.links import queries as links
from simulator import seed
from tests.client_portal.pages.test_limits import in_words, use_up
from tests.client_portal.walk import Walk, press
from tests.house import House
from tests.world import PUBLIC_URL, World

CONSENT_PAGE = "http://127.0.0.1"


async def _lane(sessions: Sessions, world: World) -> str | None:
    async with sessions() as session:
        return (await links.load_link(session, world.north.agency_id, world.north.link_id)).on("tiktok").lane


async def _authorizations(sessions: Sessions, world: World) -> int:
    """The number of times a browser was sent to the platform."""
    rows = select(func.count()).where(Authorization.agency_id == world.north.agency_id)
    async with sessions() as session:
        return (await session.execute(rows)).scalar_one()


async def test_it_has_a_button_for_each_lane(walk: Walk) -> None:
    page = await walk.browser.get(walk.corner.link_path)
    assert re.findall(r'name="lane"\s+value="(\w+)"', page.text) == ["guided", "connected"]
    assert f"form-action 'self' {CONSENT_PAGE}" in page.headers["content-security-policy"]
    await walk.start()
    await walk.answer("lane")
    page = await walk.browser.get(walk.corner.link_path)
    assert 'name="lane"' not in page.text, "it is chosen"
    assert CONSENT_PAGE not in page.headers["content-security-policy"]


async def test_connecting_goes_straight_to_the_platform_and_back_to_the_assets(walk: Walk, house: House) -> None:
    out = await press(walk.browser, walk.corner.link_path, lane="connected")
    assert out.status_code == 303
    assert out.headers["location"].startswith(CONSENT_PAGE)
    assert "keyturn_browser=" in out.headers["set-cookie"]
    query = await house.tiktok.consent(out.headers["location"], seed.ANA_CLIENT)
    back = await walk.browser.get("/callbacks/tiktok", params=query)
    arrived = await walk.browser.get(back.headers["location"].removeprefix(PUBLIC_URL))
    assert walk.goes_to(arrived) == "assets", "the only account is chosen, and the lane as well"


async def test_whoever_comes_back_without_the_platform_chooses_the_lane(
    walk: Walk, sessions: Sessions, world: World
) -> None:
    await press(walk.browser, walk.corner.link_path, lane="connected")
    assert await _lane(sessions, world) is None, "it is chosen by coming back"
    assert walk.goes_to(await walk.see()) == "way"


async def test_by_hand_goes_straight_to_the_account(walk: Walk, sessions: Sessions, world: World) -> None:
    answer = await press(walk.browser, walk.corner.link_path, lane="guided")
    assert answer.headers["location"] == walk.path
    assert walk.goes_to(await walk.see()) == "account"
    assert await _lane(sessions, world) == "guided"
    assert "Step 2 of 5" in (await walk.see("account")).text, "the first page was the first step"


@pytest.mark.parametrize("lane", ["", "flying"])
async def test_another_lane_leads_to_the_choice(walk: Walk, sessions: Sessions, world: World, lane: str) -> None:
    await press(walk.browser, walk.corner.link_path, lane=lane)
    assert walk.goes_to(await walk.see()) == "way"
    assert await _lane(sessions, world) is None


async def test_a_lane_that_is_chosen_is_not_changed_there(walk: Walk, sessions: Sessions, world: World) -> None:
    await press(walk.browser, walk.corner.link_path, lane="guided")
    answer = await press(walk.browser, walk.corner.link_path, lane="connected")
    assert answer.headers["location"] == walk.path
    assert await _lane(sessions, world) == "guided"
    assert await _authorizations(sessions, world) == 0


@pytest.mark.parametrize("lane", ["connected", "guided"])
async def test_a_new_device_gets_its_own_page_and_changes_no_lane(
    app: FastAPI, walk: Walk, sessions: Sessions, world: World, lane: str
) -> None:
    await walk.start()
    assert walk.goes_to(await walk.send("checklist", ownership="yes", by="Theo Brand")) == "way", (
        "personal, no lane yet"
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL) as browser:
        other = Walk(browser, world.north)
        answer = await press(browser, world.north.link_path, lane=lane)
        assert answer.headers["location"] == walk.path
        assert other.goes_to(await other.see()) == "device"
    assert await _lane(sessions, world) is None
    assert await _authorizations(sessions, world) == 0


async def test_the_platform_is_asked_only_so_often_from_here_too(walk: Walk, sessions: Sessions, world: World) -> None:
    await walk.start()
    await use_up(sessions, rate_limits.AUTHORIZATIONS_ON_LINK, world.north.link_id)
    await in_words(await press(walk.browser, walk.corner.link_path, lane="connected"))


async def test_without_an_app_both_buttons_lead_by_hand(
    app: FastAPI, walk: Walk, sessions: Sessions, world: World
) -> None:
    object.__setattr__(app.state.services.platforms["tiktok"], "default_app", None)
    assert 'name="lane"' not in (await walk.browser.get(walk.corner.link_path)).text
    answer = await press(walk.browser, walk.corner.link_path, lane="connected")  # from a page opened before
    assert answer.headers["location"] == walk.path
    assert walk.goes_to(await walk.see()) == "account"
    assert await _lane(sessions, world) == "guided"
