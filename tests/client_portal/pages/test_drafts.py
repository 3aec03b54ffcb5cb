"""Forms that cannot be saved: sent back to their screen, which shows them again in this browser until it saves one."""

import json
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.kit.database import Sessions
from app.links.models import LinkSession
from simulator import seed
from tests.client_portal.walk import Walk, trip
from tests.house import House
from tests.world import PUBLIC_URL, World

#: A form of each screen that cannot be saved, and what it shows again.
MISTAKES: list[tuple[str, dict[str, Any], str]] = [
    ("account", {"account_id": "my brand"}, 'value="my brand"'),
    ("assets", {"ad_account": "my accounts"}, "my accounts</textarea>"),
    ("about", {"approver-name": "Theo", "approver-email": "nowhere"}, 'value="nowhere"'),
    ("checklist", {"payment": "plan", "payment-note": "", "by": "Thea"}, 'value="Thea"'),
    ("review", {"name": "", "mark": "0" * 64}, 'name="name"'),
]
SUMMARY = "Please check"


async def _drafts(sessions: Sessions, world: World) -> list[dict[str, Any] | None]:
    """The draft of each browser of the link, oldest first."""
    rows = select(LinkSession).where(LinkSession.agency_id == world.north.agency_id).order_by(LinkSession.id)
    async with sessions() as session:
        return [each.draft for each in await session.scalars(rows)]


@pytest.mark.parametrize(("screen", "fields", "shown"), MISTAKES)
async def test_a_mistake_is_answered_with_a_redirect_so_that_back_never_sends_it_again(
    walk: Walk, screen: str, fields: dict[str, Any], shown: str
) -> None:
    await walk.start()
    await walk.answer()
    answer = await walk.send(screen, **fields)
    assert (answer.status_code, answer.text) == (303, "")
    assert answer.headers["location"] == f"{walk.path}/{walk.place(screen)}"
    for _ in range(2):  # and after Reload
        page = await walk.see(screen)
        assert page.status_code == 200
        assert SUMMARY in page.text
        assert shown in page.text


@pytest.mark.parametrize("screen", ["account", "assets", "about", "checklist", "review"])
async def test_an_empty_form_is_never_answered_with_a_page(walk: Walk, screen: str) -> None:
    await walk.start()
    await walk.answer()
    assert (await walk.send(screen)).status_code == 303


async def test_another_browser_of_the_link_sees_nothing_of_it(
    app: FastAPI, walk: Walk, sessions: Sessions, world: World
) -> None:
    await walk.start()
    await walk.answer("lane")
    await walk.sent_back("account", account_id="my brand")
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL) as browser:
        other = Walk(browser, world.north)
        await other.start()
        page = (await other.see("account")).text
        assert "my brand" not in page
        assert SUMMARY not in page
        assert "their brand" in await other.sent_back("account", account_id="their brand")
    page = (await walk.see("account")).text
    assert "my brand" in page
    assert "their brand" not in page
    kept = [each["fields"] for each in await _drafts(sessions, world) if each]
    assert sorted(kept) == [[["account_id", "my brand"]], [["account_id", "their brand"]]]


async def test_another_screen_does_not_show_it(walk: Walk) -> None:
    await walk.start()
    await walk.answer()
    await walk.sent_back("account", account_id="my brand")
    for screen in ("assets", "about", "checklist", "review"):
        page = (await walk.see(screen)).text
        assert SUMMARY not in page, screen
        assert "my brand" not in page, screen


@pytest.mark.parametrize("saved", ["account", "assets", "about", "lane"])
async def test_it_is_gone_once_a_form_is_saved(walk: Walk, sessions: Sessions, world: World, saved: str) -> None:
    await walk.start()
    await walk.answer()
    await walk.sent_back("account", account_id="my brand")
    await walk.answer(saved)
    assert await _drafts(sessions, world) == [None]
    page = (await walk.see("account")).text
    assert SUMMARY not in page
    assert "my brand" not in page


async def test_it_is_gone_with_the_yes(walk: Walk, sessions: Sessions, world: World) -> None:
    await walk.start()
    await walk.answer()
    await walk.sent_back("review", name="", mark="0" * 64)
    assert walk.goes_to(await walk.agree()) == "progress"
    assert await _drafts(sessions, world) == [None]


@pytest.mark.parametrize(
    "typed", ["password: hunter2x", "my pass\u00adword is hunter2x", "pwd\u200b: hunter2x", "mot de passe hunter2x"]
)
@pytest.mark.parametrize(
    ("screen", "field"), [("account", "account_id"), ("about", "approver-name"), ("review", "name")]
)
async def test_nothing_is_kept_of_a_password(
    walk: Walk, sessions: Sessions, world: World, screen: str, field: str, typed: str
) -> None:
    await walk.start()
    await walk.answer()
    page = await walk.sent_back(screen, **{field: typed, "mark": "0" * 64, "approver-email": "theo@brand.example"})
    assert "looks like a password" in page
    assert "hunter2x" not in page
    (draft,) = await _drafts(sessions, world)
    assert "hunter2x" not in json.dumps(draft)
    if screen == "about":
        assert "theo@brand.example" in page, "what else was typed stays"


async def test_the_forms_token_is_not_kept(walk: Walk, sessions: Sessions, world: World) -> None:
    await walk.start()
    await walk.answer("lane")
    await walk.sent_back("account", account_id="my brand")
    (draft,) = await _drafts(sessions, world)
    assert draft
    assert draft["fields"] == [["account_id", "my brand"]]


async def test_characters_that_cannot_be_stored_do_no_harm(walk: Walk) -> None:
    await walk.start()
    await walk.answer("lane")
    page = await walk.sent_back("account", **{"account_id": "my\x00 brand", "a\x00field": "x"})
    assert 'value="my brand"' in page


async def test_after_a_mistake_the_right_company_is_still_asked_about(walk: Walk, house: House) -> None:
    await walk.start()
    await trip(walk, house, seed.TWO_BRANDS_THEO)
    await walk.sent_back("account", account_id="")
    to = walk.goes_to(await walk.send("account", account_id=seed.BRAND_FR))
    assert to == f"account?sure={seed.BRAND_FR}"
    page = (await walk.see(to)).text
    assert "Is this the right company?" in page
    assert SUMMARY not in page
