"""The preview of a link: the client's own pages in each lane and language, and nothing written."""

import re
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app.kit.database import CROSS_TENANT, Base, Sessions
from app.kit.i18n import pseudo
from app.links.models import Link
from app.tenants.members.models import MemberSession, Role
from tests.client_portal.walk import SAME_ORIGIN
from tests.dashboard.conftest import SignIn
from tests.world import World

#: Pages of the preview, and those of the client that they are.
PAGES = ("", "/tiktok/way", "/tiktok/account")
_HEADING = re.compile(r"<h1>\s*(.+?)\s*</h1>", re.DOTALL)


async def rows_of(sessions: Sessions) -> dict[str, Any]:
    """The number of rows of every table but the members' sessions, and the last change of a link."""
    counts: dict[str, Any] = {}
    async with sessions() as session:
        for table in Base.metadata.sorted_tables:
            if table.name != MemberSession.__tablename__:
                rows = select(func.count()).select_from(table)
                counts[table.name] = await session.scalar(rows.execution_options(**CROSS_TENANT))
        changed = select(func.max(Link.updated_at)).execution_options(**CROSS_TENANT)
        counts["changed"] = await session.scalar(changed)
    return counts


@pytest.mark.parametrize("role", ["owner", "viewer"])
async def test_a_preview_shows_the_clients_pages_and_writes_nothing(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, role: Role
) -> None:
    await sign_in(role)
    before, cookies = await rows_of(sessions), dict(browser.cookies)
    base = f"/desk/links/{world.north.link_id}/preview"
    shown = {}
    for path in PAGES:
        page = await browser.get(base + path)
        assert page.status_code == 200, path
        assert "Preview of what Maison Lune sees" in page.text
        assert world.north.token not in page.text
        assert f"/l/{world.north.link_id}" not in page.text, "no form leads to the client's own pages"
        assert "set-cookie" not in page.headers
        heading = _HEADING.search(page.text)
        assert heading
        shown[path] = heading[0]
    for path, fields, leads_to in (
        ("", {"lane": "connected"}, "/tiktok/way"),
        ("", {"lane": "guided"}, "/tiktok/account"),
        ("", {}, "/tiktok/way"),
        ("?preview_language=en", {}, "/tiktok/way?preview_language=en"),
        ("/tiktok/lane", {"lane": "guided"}, "/tiktok/account"),
        ("/tiktok/connection", {}, "/tiktok/way"),
    ):
        pressed = await browser.post(base + path, data=fields, headers=SAME_ORIGIN)
        assert (pressed.status_code, pressed.headers["location"]) == (303, base + leads_to)
        assert "set-cookie" not in pressed.headers
    assert dict(browser.cookies) == cookies
    assert await rows_of(sessions) == before, "no row, no event"
    browser.cookies.clear()
    assert shown[""] in (await browser.get(world.north.link_path)).text
    await browser.post(world.north.link_path, headers={"Sec-Fetch-Site": "same-origin"})
    assert shown["/tiktok/way"] in (await browser.get(f"/l/{world.north.link_id}/tiktok/way")).text
    assert await rows_of(sessions) != before, "the client's own visit is written"


async def test_a_preview_is_in_each_language_and_keeps_none(
    app: FastAPI, browser: httpx2.AsyncClient, sign_in: SignIn, world: World
) -> None:
    await sign_in()
    app.state.services.languages = ("en", pseudo.TAG)
    base = f"/desk/links/{world.north.link_id}/preview"
    for path in PAGES:
        english = await browser.get(base + path)
        disguised = await browser.get(base + path, params={"preview_language": pseudo.TAG})
        assert '<html lang="en"' in english.text
        assert f'<html lang="{pseudo.TAG}"' in disguised.text
        assert f'href="{base}{path}?preview_language={pseudo.TAG}"' in english.text
        assert "set-cookie" not in disguised.headers


async def test_others_and_unknown_pages_are_not_previewed(
    browser: httpx2.AsyncClient, sign_in: SignIn, world: World
) -> None:
    base = f"/desk/links/{world.north.link_id}/preview"
    assert (await browser.get(base)).status_code == 303, "signed in nowhere"
    await sign_in("viewer")
    for path in ("/meta/way", "/tiktok/review", "/tiktok"):
        assert (await browser.get(base + path)).status_code in (404, 422), path
    await sign_in(corner=world.south)
    for path in PAGES:
        assert (await browser.get(base + path)).status_code == 404
    assert (await browser.post(base, headers=SAME_ORIGIN)).status_code == 404
