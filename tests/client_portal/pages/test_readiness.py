"""The checklist: what is shown and kept, what holds up the consent, and help where a choice is refused."""

import re

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.readiness import service as readiness
from app.access.readiness.checks import ClientStatement
from app.links import queries as links
from app.links.pasted_ids import SelectedAsset
from app.platforms.tiktok import steps
from simulator import seed
from tests.client_portal.walk import Walk
from tests.house import House, change_link
from tests.world import World

BEFORE = ("lane", "account", "assets", "about")


async def _said(session: AsyncSession, world: World) -> dict[str, ClientStatement]:
    await session.rollback()
    return await readiness.statements(session, world.north.agency_id, world.north.link_id)


async def test_the_list_holds_up_nothing_and_asks_only_what_no_answer_told(walk: Walk) -> None:
    await walk.start()
    assert (await walk.see("checklist")).status_code == 200, "at any time"
    await walk.answer(*BEFORE)
    assert walk.goes_to(await walk.see()) == "review"
    page = (await walk.see("checklist")).text
    assert "From your answers" in page
    assert 'name="two_factor"' in page
    assert 'name="company_email"' not in page
    assert 'value="Theo Brand"' in page, "the name that most likely fits"


async def test_everything_can_wait(walk: Walk, session: AsyncSession, world: World) -> None:
    await walk.start()
    await walk.answer(*BEFORE)
    assert walk.goes_to(await walk.send("checklist", two_factor="later", by="Theo Brand")) == "review"
    said = await _said(session, world)
    assert [(key, word.answer, word.by) for key, word in said.items()] == [("two_factor", "later", "Theo Brand")]
    page = (await walk.see("checklist")).text
    assert re.search(r'name="two_factor"\s+value="later"\s+checked', page)


async def test_nothing_said_is_nothing_kept(walk: Walk, session: AsyncSession, world: World) -> None:
    await walk.start()
    await walk.answer(*BEFORE)
    assert walk.goes_to(await walk.send("checklist", two_factor="perhaps", company_email="yes")) == "review"
    assert await _said(session, world) == {}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"payment": "plan", "by": "Theo"}, "payment-note"),
        ({"payment": "plan", "payment-note": "x" * 501, "by": "Theo"}, "payment-note"),
        ({"ownership": "yes", "by": " "}, "by"),
        ({"ownership": "yes", "by": "x" * 121}, "by"),
    ],
)
async def test_a_word_needs_a_name_and_a_plan_needs_telling(
    walk: Walk, session: AsyncSession, world: World, fields: dict[str, str], field: str
) -> None:
    await walk.start()
    await walk.answer(*BEFORE)
    page = await walk.sent_back("checklist", **fields)
    assert f'id="{field}-problem"' in page
    assert re.search(rf'name="{next(iter(fields))}"\s+value="{next(iter(fields.values()))}"\s+checked', page)
    assert await _said(session, world) == {}


async def test_what_is_in_the_way_holds_up_the_yes_with_its_help_and_loses_nothing(
    walk: Walk, house: House, session: AsyncSession, world: World
) -> None:
    corner = world.north
    await walk.start()
    await walk.answer(*BEFORE)
    await house.connect_client(corner, seed.MIXED_MILO)
    async with change_link(house.tools.sessions, corner) as (_, link):
        link.choose_account("tiktok", seed.COMPTOIR_MIXTE, None)
        link.choose_assets("tiktok", "ad_account", [SelectedAsset(seed.SOUTH_ACCOUNT)])
    assert walk.goes_to(await walk.send("checklist", two_factor="yes", by="Milo Mixed")) == "review"
    assert (await _said(session, world))["two_factor"].answer == "yes"
    assert "In the way" in (await walk.see("checklist")).text
    page = (await walk.see("review")).text
    assert "Choose another" in page
    assert "Another Business Center owns it. What can I do?" in page
    assert "Yes, I agree" not in page
    assert walk.goes_to(await walk.agree()) == "review"
    page = (await walk.see("review")).text
    assert 'href="#checks"' in page
    assert "Something is in the way" in page
    assert (await links.find(session, corner.agency_id, corner.link_id)).submitted_at is None
    async with change_link(house.tools.sessions, corner) as (_, link):
        link.choose_assets("tiktok", "ad_account", [SelectedAsset(seed.MIXED_ACCOUNT)])
    assert "Yes, I agree" in (await walk.see("review")).text
    assert walk.goes_to(await walk.agree()) == "progress"


async def test_what_is_said_is_never_markup(walk: Walk) -> None:
    await walk.start()
    await walk.answer(*BEFORE)
    note = "<b>{agency.__class__}</b>"
    assert (
        walk.goes_to(await walk.send("checklist", **{"payment": "plan", "payment-note": note, "by": note})) == "review"
    )
    page = (await walk.see("checklist")).text
    assert "<b>{" not in page
    assert "&lt;b&gt;{agency.__class__}" in page


async def test_whoever_has_no_business_center_or_ad_account_is_helped_where_it_is_asked_for(walk: Walk) -> None:
    await walk.start()
    await walk.answer("lane")
    page = (await walk.see("account")).text
    assert "How do I create a Business Center?" in page
    assert "I only have an ad account, no Business Center" in page
    await walk.answer("account")
    page = (await walk.see("assets")).text
    assert "Don’t let an agency create it for you" in page
    assert "message centre" in page


def test_each_help_is_dated_short_and_findable_in_tiktoks_own() -> None:
    every = {each for helps in steps.help_by_code().values() for each in helps}
    assert len(every) >= 6
    for each in every:
        assert 3 <= len(each.steps) <= 6, each.question
        assert each.search
        assert each.dated.of("en").isoformat() >= "2026-11-22"
        assert not each.help_url or each.help_url.startswith("https://ads.tiktok.com/help/")
