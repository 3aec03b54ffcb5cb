"""Reminders in the dashboard: the agency's schedule, and the days of a new and of a present link."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from app.kit.database import Sessions
from app.links.models import Link
from app.tenants.agencies.models import Agency
from tests.client_portal.walk import press
from tests.dashboard.conftest import SignIn
from tests.dashboard.test_new_link import GIVEN, NEW
from tests.world import World

PATH = "/desk/brand/reminders"
CHOSEN = {"reminders": "2,5,10", "quiet_from": "22", "quiet_until": "7", "time_zone": "Europe/Paris"}


async def _schedule(sessions: Sessions, world: World) -> dict[str, Any]:
    async with sessions() as session:
        rows = select(Agency.reminders).where(Agency.id == world.north.agency_id)
        found: dict[str, Any] = (await session.execute(rows)).scalar_one()
        return found


async def _days(sessions: Sessions, world: World) -> list[list[int] | None]:
    async with sessions() as session:
        rows = select(Link.reminder_days).where(Link.agency_id == world.north.agency_id).order_by(Link.id)
        return list((await session.scalars(rows)).all())


async def test_the_schedule_of_the_agency(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in("manager")
    assert "Day 1, 3 and 7 of waiting" in (await browser.get(PATH)).text
    saved = await press(browser, PATH, **CHOSEN)
    assert (saved.status_code, saved.headers["location"]) == (303, f"{PATH}?done=saved")
    assert await _schedule(sessions, world) == {
        "days": [2, 5, 10], "quiet_from": 22, "quiet_until": 7, "on_weekends": False, "time_zone": "Europe/Paris",
    }  # fmt: skip
    await press(browser, PATH, **{**CHOSEN, "reminders": "off"}, on_weekends="yes")
    found = await _schedule(sessions, world)
    assert (found["days"], found["on_weekends"]) == ([], True)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"reminders": "0"}, "Choose when the client is reminded."),
        ({"reminders": "1,x"}, "Choose when the client is reminded."),
        ({"quiet_from": "24"}, "Choose an hour."),
        ({"time_zone": "Paris"}, "Enter a time zone such as Europe/Paris."),
    ],
)
async def test_a_wrong_schedule_is_not_saved(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, wrong: dict[str, str], sentence: str
) -> None:
    await sign_in("manager")
    before = await _schedule(sessions, world)
    refused = await press(browser, PATH, **{**CHOSEN, **wrong})
    assert refused.status_code == 422
    assert sentence in refused.text
    assert await _schedule(sessions, world) == before


async def test_the_days_of_a_new_link(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in("member")
    for number, chosen in enumerate(("", "off", "3,7,14")):
        await press(browser, NEW, **{**GIVEN, "name": f"Casa {number}", "contact_email": ""}, reminders=chosen)
    assert (await press(browser, NEW, **{**GIVEN, "name": "Casa"}, reminders="99")).status_code == 422
    assert await _days(sessions, world) == [None, None, [], [3, 7, 14]]


async def test_the_days_of_a_link_are_changed_on_its_page(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in("member")
    path = f"/desk/links/{world.north.link_id}"
    page, address = f"{path}?act=reminders", f"{path}/reminders"
    assert "As usual (Day 1, 3 and 7 of waiting)" in (await browser.get(page)).text
    for chosen, days in (("2,5,10", [2, 5, 10]), ("off", []), ("", None)):
        saved = await press(browser, page, address, reminders=chosen)
        assert saved.headers["location"].startswith(f"{path}?done=reminders")
        assert await _days(sessions, world) == [days]
    assert "Choose when the client is reminded." in (await press(browser, page, address, reminders="x")).text
