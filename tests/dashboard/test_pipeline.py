"""The pipeline: links by whose turn it is, what is missing, and a search."""

import html
import re
from dataclasses import replace
from typing import get_args

import httpx2
import pytest
from sqlalchemy import select, text, update

from app.access.requests import link_lifecycle
from app.dashboard import turns
from app.kit import ids
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.web.paging import pack
from app.links import turns as links
from app.links.models import AccessRequest, Link
from app.links.status import ACCESS_STATUSES, STAGES, STATUSES, TURNS
from app.platforms.blockers import BLOCKERS
from app.tenants.agencies import service as agencies
from simulator.seed import LUNE_EU
from tests.dashboard.conftest import SignIn
from tests.house import House
from tests.world import TESTS, World


def _groups(page: str) -> dict[str, int]:
    """Counts of the strip by turn."""
    return {turn: int(count) for turn, count in re.findall(r'\?turn=(\w+)".*?class="n">(\d+)<', page, re.DOTALL)}


async def test_each_link_is_in_the_group_of_whose_turn_it_is(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World
) -> None:
    await sign_in()
    page = (await browser.get("/desk")).text
    assert _groups(page) == {"agency": 1, "drifted": 0, "client": 0, "platform": 0, "verified": 0}
    assert "The link is ready and was not sent." in page
    await house.share(world.north, LUNE_EU)
    page = (await browser.get("/desk")).text
    assert _groups(page) == {"agency": 0, "drifted": 0, "client": 0, "platform": 0, "verified": 1}
    assert "1 of 1 done" in page
    await house.tiktok.unshare_by_hand("7111222233334444555", LUNE_EU)
    await house.work()
    page = (await browser.get("/desk")).text
    assert _groups(page)["drifted"] == 1
    assert f"It is not shared with you: {LUNE_EU}" in page
    assert "POST /" not in page


async def test_an_agency_without_links_reads_how_to_make_the_first(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    async with sessions.begin() as session:
        agency = await agencies.create_agency(
            session, name="New Agency", slug="new", contact_name="Nia", contact_email="nia@new.example", actor=TESTS
        )
    await sign_in(corner=replace(world.north, agency_id=agency.id))
    page = (await browser.get("/desk")).text
    assert "Make your first link" in page
    assert "Access that was verified is gone or different." in page
    assert page.count('href="/desk/links/new"') == 1
    assert "Make your first link" not in (await browser.get("/desk", params={"q": "x"})).text
    await sign_in("viewer", replace(world.north, agency_id=agency.id))
    page = (await browser.get("/desk")).text
    assert "You have no link yet." in page
    assert "/desk/links/new" not in page
    await sign_in("manager")
    assert "Make your first link" not in (await browser.get("/desk")).text


async def test_an_ended_link_has_a_page_of_its_own(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in()
    async with sessions.begin() as session:
        await link_lifecycle.end_link(session, world.north.agency_id, world.north.link_id, actor=TESTS)
    page = (await browser.get("/desk")).text
    assert "1 link has ended" in page
    assert "Maison Lune" not in page
    assert "The link was revoked." in (await browser.get("/desk", params={"turn": "ended"})).text


@pytest.mark.parametrize(
    ("words", "found"), [("lune", True), ("  MAISON  ", True), ("Brand", False), ("%", False), ("<b>", False)]
)
async def test_a_search_is_about_clients_contacts_and_assets(
    browser: httpx2.AsyncClient, sign_in: SignIn, words: str, found: bool
) -> None:
    await sign_in("viewer")
    page = await browser.get("/desk", params={"q": words})
    assert page.status_code == 200
    assert ("Maison Lune" in page.text) == found
    assert "“<b>" not in page.text


async def test_another_agency_and_nobody_see_nothing(
    browser: httpx2.AsyncClient, sign_in: SignIn, world: World
) -> None:
    assert (await browser.get("/desk")).status_code == 303
    await sign_in(corner=world.south)
    page = (await browser.get("/desk")).text
    assert world.north.link_id not in page
    assert world.south.link_id in page


@pytest.mark.parametrize("turn", links.TURNS)
async def test_the_condition_of_a_group_is_its_rule(sessions: Sessions, turn: links.Turn) -> None:
    """Every stage with every next actor, as the database sees it."""
    async with sessions() as session:
        link = (await session.scalars(select(Link).limit(1), execution_options=CROSS_TENANT)).one()
        for stage in STAGES:
            for actor in (None, *TURNS):
                link.stage, link.next_actor = stage, actor
                await session.flush()
                is_in = select(Link.id).where(Link.agency_id == link.agency_id, Link.id == link.id, links.of_turn(turn))
                found = await session.scalar(is_in)
                assert (found is not None) == (links.turn_of(stage, actor) == turn), (stage, actor)
        await session.rollback()


def test_every_status_has_words() -> None:
    assert turns.STATUSES.keys() == set(ACCESS_STATUSES)
    assert turns._SENTENCES.keys() == set(STATUSES)
    assert turns.LABELS.keys() == set(get_args(links.Turn))
    assert turns.MEANINGS.keys() == turns.LABELS.keys() - {"ended"}


@pytest.mark.parametrize("code", BLOCKERS)
def test_no_hint_names_an_operation_of_the_api(code: str) -> None:
    assert "/api/" not in turns.plain(BLOCKERS[code].hint)


_COPIES = """
INSERT INTO links
SELECT made.*
FROM links AS link, generate_series(1, 110) AS number,
    jsonb_populate_record(link, jsonb_build_object(
        'id', new_id(), 'token_hash', sha256(number::text::bytea),
        'stage', CASE WHEN number <= 55 THEN 'drifted' ELSE 'verified' END, 'next_actor', NULL,
        -- several since the same moment; the last ones wait for nobody
        'next_actor_since', CASE WHEN number <= 51 THEN now() - number % 7 * interval '1 minute' END
    )) AS made
WHERE link.agency_id = :agency_id
"""


@pytest.mark.parametrize("query", ["turn=drifted", "turn=verified", "turn=drifted&sort=newest"])
async def test_a_long_group_has_pages(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World, query: str
) -> None:
    await sign_in()
    async with sessions.begin() as session:
        await session.execute(text(_COPIES), {"agency_id": ids.parse("agency", world.north.agency_id)})
    found, address, pages = list[str](), f"/desk?{query}", 0
    while address:
        page = (await browser.get(address)).text
        found += re.findall(r'<h3><a href="/desk/links/(link_\w+)"', page)
        pages += 1
        more = re.search(r'href="(/desk\?[^"]*cursor=[^"]*)">Show more', page)
        address = html.unescape(more[1]) if more else ""
    assert (len(found), len(set(found)), pages) == (55, 55, 2)
    if query != "turn=drifted":
        assert found == sorted(found, reverse=True)


async def test_filters_and_order_stand_in_the_address(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    await sign_in()
    one = '<h3><a href="/desk/links/link_'
    async with sessions.begin() as session:
        stuck = update(AccessRequest).where(AccessRequest.agency_id == world.north.agency_id)
        await session.execute(stuck.values(status="blocked", code="not_bc_admin"))
        (preset,) = await session.scalars(select(Link.preset).where(Link.agency_id == world.north.agency_id))
    for query in ({}, {"preset": preset}, {"code": "not_bc_admin"}, {"sort": "newest", "owner": "all"}):
        assert (await browser.get("/desk", params=query)).text.count(one) == 1, query
    filtered = (await browser.get("/desk", params={"code": "not_bc_admin", "sort": "newest"})).text
    assert "held up by: The person who signed in is not an Admin" in filtered
    assert 'href="/desk?code=not_bc_admin&amp;sort=newest&amp;turn=agency"' in filtered
    assert 'href="/desk?sort=newest">Remove the filter' in filtered
    assert '<input type="hidden" name="code" value="not_bc_admin">' in filtered
    for query in ({"preset": "prospect"}, {"code": "role_too_low"}):
        page = (await browser.get("/desk", params=query)).text
        assert (page.count(one), "No link matches the filter." in page) == (0, True), query
    for query in ({"sort": "x"}, {"preset": "x" * 65}, {"code": "x" * 49}):
        assert (await browser.get("/desk", params=query)).status_code == 422


async def test_the_message_to_a_client_is_opened_in_its_row(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World
) -> None:
    async with sessions.begin() as session:
        shown = update(Link).where(Link.id == world.north.link_id).values(
            status="sent", stage="waiting_for_client", next_actor="client"
        )  # fmt: skip
        await session.execute(shown, execution_options=CROSS_TENANT)
    await sign_in()
    page = (await browser.get("/desk")).text
    there = html.unescape(re.search(r'href="(/desk\?say=[^"#]+)#say"', page)[1])  # type: ignore[index]
    opened = (await browser.get(there)).text
    assert "still waits for your access" in opened
    assert f'hx-get="{there}"' in opened, "the page that looks again keeps it open"
    assert "data-copy=" in opened
    await sign_in("viewer")
    assert "still waits for your access" not in (await browser.get(there)).text
    await sign_in(corner=world.south)
    assert "still waits for your access" not in (await browser.get(there)).text, "another agency's"


async def test_a_platform_filters_the_links_that_ask_for_it(
    browser: httpx2.AsyncClient, sign_in: SignIn, world: World
) -> None:
    await sign_in()
    asked = await browser.get("/desk", params={"platform": "tiktok"})
    assert f"/desk/links/{world.north.link_id}" in asked.text
    assert '<option value="tiktok" selected>' in asked.text
    other = await browser.get("/desk", params={"platform": "meta"})
    assert "No link matches the filter." in other.text
    assert "/desk?platform=meta&amp;turn=agency" in other.text or "turn=agency&amp;platform=meta" in other.text


async def test_a_place_that_nobody_gave_is_refused(browser: httpx2.AsyncClient, sign_in: SignIn) -> None:
    await sign_in()
    times = ("yesterday", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
    for cursor in ("x", pack("", "link_x"), pack(7), *(pack(time, ids.new("link")) for time in times)):
        for turn in ("client", "ended"):
            assert (await browser.get("/desk", params={"turn": turn, "cursor": cursor})).status_code == 422
