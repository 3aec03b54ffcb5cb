"""The link itself: it opens for whoever holds it, changes nothing when looked at, and says why when it is over."""

from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import queries as events
from app.kit import clock
from app.kit.database import CROSS_TENANT
from app.links import queries as links
from app.links.models import LinkSession
from tests.client_portal.walk import SAME_ORIGIN, Walk, press
from tests.world import TESTS, World


async def _types(session: AsyncSession, world: World) -> list[str]:
    found = await events.newest(session, world.north.agency_id, limit=100)
    return [each.type for each in found]


async def test_the_welcome_says_who_asks_for_what_and_what_never(walk: Walk) -> None:
    page = await walk.browser.get(walk.corner.link_path)
    assert page.status_code == 200
    for said in ("North Agency", "Maison Lune", "Create, change and pause ads", "See your password", "Ana Agent"):
        assert said in page.text


async def test_looking_changes_nothing(walk: Walk, session: AsyncSession, world: World) -> None:
    """Link scanners open every link, with GET and with HEAD."""
    before = await _types(session, world)
    for _ in range(3):
        await walk.browser.get(walk.corner.link_path)
    await walk.browser.head(walk.corner.link_path)
    await session.rollback()
    assert await _types(session, world) == before
    rows = await session.scalars(select(LinkSession), execution_options=CROSS_TENANT)
    assert rows.all() == []
    assert (await links.find(session, world.north.agency_id, world.north.link_id)).opened_at is None


async def test_start_opens_it_and_leaves_the_token_behind(walk: Walk, session: AsyncSession, world: World) -> None:
    answer = await walk.start()
    assert answer.status_code == 303
    assert answer.headers["location"] == walk.path
    assert walk.corner.token not in answer.headers["location"]
    assert "link.opened" in await _types(session, world)
    cookie = answer.headers["set-cookie"].lower()
    for part in ("path=/;", "httponly", "samesite=lax", "secure", "max-age=7776000"):
        assert part in cookie


async def test_only_the_token_decides(walk: Walk) -> None:
    assert (await walk.browser.get(f"/whoever/whatever/{walk.corner.token}")).status_code == 200


@pytest.mark.parametrize("token", ["nonsense", "x" * 43, "%00", "é"])
async def test_an_unknown_link_says_what_to_do(browser: httpx2.AsyncClient, token: str) -> None:
    page = await browser.get(f"/north/maison-lune/{token}")
    assert page.status_code == 404
    assert "We don’t know this link" in page.text
    assert "North" not in page.text


async def test_our_own_addresses_are_never_taken_for_a_link(browser: httpx2.AsyncClient) -> None:
    answer = await browser.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await browser.get("/static/css/client.css")).status_code == 200
    assert (await browser.get("/static/css/nothing.css")).status_code == 404


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_site_cannot_press_start(walk: Walk, site: str) -> None:
    answer = await walk.browser.post(walk.corner.link_path, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def _end(session: AsyncSession, world: World, how: str) -> None:
    if how == "revoked":
        aggregate = await links.load_link(session, world.north.agency_id, world.north.link_id, lock=True)
        aggregate.revoke(actor=TESTS)
        await aggregate.save(session)
    else:
        link = await links.find(session, world.north.agency_id, world.north.link_id)
        link.expires_at = clock.now() - timedelta(minutes=1)
    await session.commit()


@pytest.mark.parametrize("how", ["expired", "revoked"])
async def test_a_dead_link_says_why_and_takes_a_wish(walk: Walk, session: AsyncSession, world: World, how: str) -> None:
    await _end(session, world, how)
    page = await walk.browser.get(walk.corner.link_path)
    assert page.status_code == 410
    assert "This link ended on" in page.text
    assert "Ask Ana Agent for a new one" in page.text
    assert (await walk.start()).status_code == 410, "nobody gets in any more"
    for _ in range(2):
        asked = await press(walk.browser, walk.corner.link_path, f"{walk.corner.link_path}/renewal")
        assert asked.status_code == 303
    assert (await _types(session, world)).count("link.renewal_requested") == 1
    assert "has been asked for a new link" in (await walk.browser.get(walk.corner.link_path)).text


@pytest.mark.parametrize("how", ["expired", "revoked"])
async def test_a_link_that_dies_on_the_way_says_so_on_every_screen(
    walk: Walk, session: AsyncSession, world: World, how: str
) -> None:
    await walk.start()
    token = await walk.token()
    await _end(session, world, how)
    page = await walk.see("about")
    assert page.status_code == 410
    assert f"{walk.path}/renewal" in page.text
    refused = await walk.browser.post(f"{walk.path}/about", data={"form_token": token, "markets": "FR"})
    assert refused.status_code == 410
    unsigned = await walk.browser.post(f"{walk.path}/renewal", headers=SAME_ORIGIN)
    assert unsigned.status_code == 403
    asked = await walk.browser.post(f"{walk.path}/renewal", data={"form_token": token}, headers=SAME_ORIGIN)
    assert asked.status_code == 303
    assert "link.renewal_requested" in await _types(session, world)


@pytest.mark.parametrize("how", ["expired", "revoked"])
async def test_whoever_agreed_keeps_the_receipt_when_the_link_has_ended(
    walk: Walk, session: AsyncSession, world: World, how: str
) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    token = await walk.token()
    await _end(session, world, how)
    for screen in ("progress", "receipt"):
        page = await walk.see(screen)
        assert page.status_code == 200
        for said in ("This link ended on", "Nothing more can be done with it", "The words you agreed to"):
            assert said in page.text
        for offered in ("Done — check now", "Do it by hand instead", "/change", "hx-get"):
            assert offered not in page.text
    for screen in ("review", "about", "checklist", "tiktok/way"):
        assert (await walk.see(screen)).status_code == 410
    for form in ("check", "change", "lane", "checklist"):
        assert (await walk.send(form, form_token=token)).status_code == 410


async def test_coming_back_with_the_link_keeps_the_answers(walk: Walk) -> None:
    await walk.start()
    await walk.answer("lane", "account")
    assert "Continue where you stopped" in (await walk.browser.get(walk.corner.link_path)).text
    await walk.start()
    assert walk.goes_to(await walk.see()) == "assets"
