"""Limits per link and browser, with their messages; screens reported once."""

from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.client_portal import rate_limits
from app.events import queries as events
from app.kit.database import Sessions
from app.kit.throttle import Limit, Throttle
from app.links.models import LinkSession
from tests.client_portal.walk import SAME_ORIGIN, Walk
from tests.house import House
from tests.world import PUBLIC_URL, World


async def use_up(sessions: Sessions, limit: Limit, subject: str, *, but: int = 0) -> None:
    """State as if this many had been taken within the span."""
    async with sessions.begin() as session:
        session.add(
            Throttle(kind=limit.kind, subject=subject, full_at=func.now() + limit.within - limit.step * (but + 0.5))
        )


async def _completed(session: AsyncSession, world: World) -> list[str]:
    wanted = events.EventFilter(subject_id=world.north.link_id)
    found = await events.newest(session, world.north.agency_id, limit=100, wanted=wanted)
    return [each.facts["screen"] for each in found if each.type == "link.screen_completed"]


async def test_a_screen_is_told_once(walk: Walk, session: AsyncSession, world: World) -> None:
    await walk.start()
    await walk.answer("lane", "account", "assets", "about")
    for _ in range(3):
        await walk.answer("account", "assets", "about")
    assert sorted(await _completed(session, world)) == ["about", "tiktok/account", "tiktok/assets"]


async def in_words(answer: httpx2.Response) -> None:
    """Check the answer at a limit."""
    assert answer.status_code == 429, answer.text
    assert int(answer.headers["retry-after"]) >= 1
    assert "That was a lot in a short time" in answer.text
    assert "Ana Agent" in answer.text


async def test_one_link_takes_only_so_many_forms(walk: Walk, sessions: Sessions, world: World) -> None:
    await walk.start()
    token = await walk.token()
    await use_up(sessions, rate_limits.FORMS_ON_LINK, world.north.link_id, but=1)
    data = {"form_token": token, "lane": "guided"}
    first = await walk.browser.post(f"{walk.path}/tiktok/lane", data=data, headers=SAME_ORIGIN)
    assert first.status_code == 303
    await in_words(await walk.browser.post(f"{walk.path}/tiktok/lane", data=data, headers=SAME_ORIGIN))
    assert (await walk.see("account")).status_code == 200, "looking goes on"


async def test_one_browser_sends_only_so_many_forms(
    app: FastAPI, walk: Walk, sessions: Sessions, session: AsyncSession, world: World
) -> None:
    await walk.start()
    mine = select(LinkSession.id).where(LinkSession.agency_id == world.north.agency_id)
    await use_up(sessions, rate_limits.FORMS_OF_BROWSER, (await session.scalars(mine)).one())
    await in_words(await walk.send("lane", lane="guided"))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL) as browser:
        other = Walk(browser, world.north)
        await other.start()
        assert other.goes_to(await other.send("lane", lane="guided")) == "account"


async def test_a_link_is_opened_in_so_many_new_browsers_and_in_those_it_knows(
    app: FastAPI, walk: Walk, sessions: Sessions, world: World
) -> None:
    await walk.start()
    async with sessions.begin() as session:
        await session.execute(update(Throttle).values(full_at=func.now() + rate_limits.BROWSERS_ON_LINK.within))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL) as browser:
        await in_words(await Walk(browser, world.north).start())
    assert (await walk.start()).status_code == 303


async def test_pressing_start_again_makes_no_second_browser(walk: Walk, session: AsyncSession, world: World) -> None:
    for _ in range(5):
        await walk.start()
    rows = select(func.count()).select_from(LinkSession).where(LinkSession.agency_id == world.north.agency_id)
    assert (await session.execute(rows)).scalar_one() == 1


@pytest.mark.parametrize(
    ("form", "limit"),
    [("connection", rate_limits.AUTHORIZATIONS_ON_LINK), ("check", rate_limits.CHECKS_ON_LINK)],
    ids=["trip", "look"],
)
async def test_tiktok_is_asked_only_so_often(
    walk: Walk, house: House, sessions: Sessions, world: World, form: str, limit: Limit
) -> None:
    await walk.start()
    await use_up(sessions, limit, world.north.link_id)
    await in_words(await walk.send(form))


async def test_no_honest_client_meets_a_limit() -> None:
    """The busiest walk of the demo sends about 40 forms; each limit gives several times that, and comes back."""
    assert rate_limits.FORMS_OF_BROWSER.most >= 100
    assert rate_limits.FORMS_OF_BROWSER.step <= timedelta(seconds=30)
    assert rate_limits.FORMS_ON_LINK.most >= 3 * rate_limits.FORMS_OF_BROWSER.most
