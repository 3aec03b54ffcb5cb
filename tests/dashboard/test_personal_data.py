"""Erasure of personal data in the dashboard: told before, by managers only, with the password once more."""

import httpx2
import pytest
from sqlalchemy import update

from app.kit.database import CROSS_TENANT, Sessions
from app.tenants.clients.models import Client
from app.tenants.members import service as members
from app.tenants.members.models import MemberSession
from tests.client_portal.walk import press
from tests.dashboard.conftest import PASSWORD, SignIn
from tests.house import House, change_link
from tests.world import World


@pytest.fixture
def path(world: World) -> str:
    """The page of the north agency's link."""
    return f"/desk/links/{world.north.link_id}"


async def _name(sessions: Sessions, world: World) -> str:
    async with sessions() as session:
        return (await session.get_one(Client, (world.north.agency_id, world.north.client_id))).name


async def test_managers_erase_and_nobody_else(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, path: str
) -> None:
    page, fields = f"{path}/personal-data", {"extent": "client", "sure": "yes"}
    assert (await browser.get(page)).status_code == 303
    for role in ("viewer", "member"):
        await sign_in(role)
        assert (await browser.get(page)).status_code == 403
        assert "personal-data" not in (await browser.get(path)).text
        assert (await press(browser, path, page, **fields)).status_code == 403
    await sign_in("owner", world.south)
    own = f"/desk/links/{world.south.link_id}"
    assert (await browser.get(page)).status_code == 404
    assert (await press(browser, own, page, **fields)).status_code == 404
    assert await _name(sessions, world) == "Maison Lune"

    await sign_in("manager")
    assert f'href="{page}"' in (await browser.get(path)).text
    assert (await browser.post(page, data=fields | {"form_token": "0" * 64})).status_code == 403
    async with sessions.begin() as session:
        older = MemberSession.authenticated_at - members.AUTHENTICATED_FOR
        await session.execute(update(MemberSession).values(authenticated_at=older), execution_options=CROSS_TENANT)
    assert 'name="password_again"' in (await press(browser, page, **fields)).text
    assert await _name(sessions, world) == "Maison Lune"
    unsure = await press(browser, page, extent="client", password_again=PASSWORD)
    assert (unsure.status_code, 'id="sure-problem"' in unsure.text) == (422, True)
    assert await _name(sessions, world) == "Maison Lune"
    assert (await press(browser, page, **fields)).status_code == 303
    assert (await _name(sessions, world)).startswith("Erased client ")


async def test_what_goes_and_what_stays_is_told_before(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, sessions: Sessions, world: World, path: str
) -> None:
    await sign_in()
    await house.share(world.north, "7200000000000000101")
    await house.another_link(world.north)
    async with change_link(sessions, world.north) as (_session, link):
        link.request_erasure()
    asked = (await browser.get(path)).text
    for words in ("Needs you", "The client asks you to erase its personal data.", "See what is erased and what stays"):
        assert words in asked
    assert "The client asks you to erase its personal data." in (await browser.get("/desk")).text
    told = (await browser.get(f"{path}/personal-data")).text
    for words in (
        "Of the client, 2 links",
        "On this link",
        "Now 1 asset is shared with you.",
        "The client asked for it",
    ):
        assert words in told
    wrong = await press(browser, f"{path}/personal-data", extent="everything")
    assert wrong.status_code == 422
    assert "Choose what to erase." in wrong.text
    assert "Confirm that you understand that this cannot be undone." in wrong.text
    done = await press(browser, f"{path}/personal-data", extent="link", sure="yes")
    assert done.headers["location"].endswith("?done=erased")
    after = (await browser.get(path, params={"done": "erased"})).text
    for words in ("The personal data were erased.", "erased on", "Maison Lune", "ana@maisonlune.example", "Ended"):
        assert words in after
    assert "asks you to erase" not in after
