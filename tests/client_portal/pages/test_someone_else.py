"""Step links: somebody else does one step, sees nothing else, and what is done there is on the same link."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text, update

from app.events.models import Event
from app.kit import clock, ids
from app.links.models import Link, StepLink
from simulator import seed
from simulator.seed import LUNE_EU
from tests.client_portal.walk import BY_HAND, Walk, press, trip
from tests.house import House
from tests.tenants.agencies.test_domains import verified
from tests.world import PUBLIC_URL, World

#: What the client gave, and the person of a step link never reads.
PERSONAL = ("Theo Brand", "theo@brand.example", "ana@maisonlune.example")
#: Screens and forms that are not part of a step on TikTok.
BEYOND = (
    "", "about", "review", "progress", "receipt", "checklist", "questions", "others", "someone-else", "device",
    "progress/lines",
)  # fmt: skip
FORMS = (
    "about", "review", "review/answer", "checklist", "change", "use", "sharing-account", "erasure-request",
    "someone-else", "someone-else/revocation", "tiktok/linking/result",
)  # fmt: skip


@asynccontextmanager
async def helper(app: FastAPI, world: World, address: str = "") -> AsyncIterator[Walk]:
    """Another person's browser; with an address, the step link was opened there."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC_URL) as browser:
        walk = Walk(browser, world.north)
        if address:
            answer = await press(browser, address.removeprefix(PUBLIC_URL))
            assert walk.goes_to(answer) == "your-step"
        yield walk


async def passed_on(walk: Walk, person: str = "Bo Big", **fields: str) -> str:
    """The client makes a step link; its address."""
    assert walk.goes_to(await walk.send("someone-else", person=person, **fields)) == "someone-else#passed"
    page = (await walk.see("someone-else")).text
    assert person in page
    addresses = re.findall(rf'value="({PUBLIC_URL}/l/step/[\w-]{{43}})"', page)
    return str(addresses[0])


async def _rows(house: House, world: World) -> list[StepLink]:
    async with house.tools.sessions() as session:
        rows = select(StepLink).where(StepLink.agency_id == world.north.agency_id).order_by(StepLink.id)
        return list(await session.scalars(rows))


async def _events(house: House, world: World) -> list[tuple[str, str]]:
    async with house.tools.sessions() as session:
        rows = select(Event.type, Event.actor_id).where(
            Event.agency_id == world.north.agency_id, Event.subject_id == world.north.link_id
        )
        return [(kind, actor.partition("_")[0]) for kind, actor in await session.execute(rows.order_by(Event.id))]


async def test_the_admin_connects_and_picks_and_the_client_goes_on(
    app: FastAPI, walk: Walk, house: House, world: World
) -> None:
    await house.connect_agency(world.north)
    await walk.start()
    address = await passed_on(walk)
    async with helper(app, world, address) as admin:
        assert admin.goes_to(await admin.see("your-step")) == "way"
        await trip(admin, house)
        assert admin.goes_to(await admin.send("assets", ad_account=[LUNE_EU])) == "progress"
        assert admin.goes_to(await admin.see("progress")) == "your-step"
        page = (await admin.see("your-step")).text
        assert "Thank you, Bo Big" in page
    assert walk.goes_to(await walk.see()) == "about", "the step is done, in the client's browser, too"
    await walk.answer("about")
    assert walk.goes_to(await walk.agree()) == "progress"
    await house.work()
    assert [each.status for each in await house.access_requests(walk.corner)] == ["verified"]
    events = await _events(house, world)
    assert ("link.delegated", "client") in events
    assert ("link.step_opened", "step") in events
    assert ("link.screen_completed", "step") in events, "the event says who did it"
    async with house.tools.sessions() as session:
        by = await session.execute(
            text("SELECT DISTINCT split_part(actor_id, '_', 1) FROM audit_entries WHERE agency_id = :agency"),
            {"agency": ids.parse("agency", world.north.agency_id)},
        )  # fmt: skip
        assert "step" in {row[0] for row in by}


async def test_a_step_link_shows_and_changes_nothing_else(app: FastAPI, walk: Walk, house: House, world: World) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    address = await passed_on(walk)
    async with helper(app, world, address) as other:
        pages = [(await other.browser.get(address)).text, (await other.see("your-step")).text]
        pages += [(await other.see("tiktok/steps")).text, (await other.see("tiktok/guides")).text]
        assert "Link your TikTok account" not in pages[-1], "that is for the client"
        for page in pages:
            assert "<h1>" in page
            assert not [each for each in PERSONAL if each in page]
        for screen in BEYOND:
            assert other.goes_to(await other.see(screen)) == "your-step", screen
        before = await _facts(house, world)
        for form in FORMS:
            sent = await other.send(form, form_token=await _token(other), person="Eve", used="no", screen="account")
            assert other.goes_to(sent) == "your-step", form
        for form in ("account", "assets"):  # the client has agreed to them
            assert other.goes_to(await other.send(form, form_token=await _token(other), account_id="1")) == "your-step"
        assert await _facts(house, world) == before


async def test_the_steps_by_hand_are_done_by_the_person_of_the_link(
    app: FastAPI, walk: Walk, house: House, world: World
) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    address = await passed_on(walk)
    async with helper(app, world, address) as other:
        assert other.goes_to(await other.send("check", form_token=await _token(other))) == "progress"
        assert "Thank you, Bo Big" in (await other.see("your-step")).text
    assert {each.client_attested_by for each in await house.access_requests(walk.corner)} == {"Bo Big"}


async def _token(other: Walk) -> str:
    for page in ("your-step", "tiktok/steps?step=99", "tiktok/way"):
        if found := re.search(r'name="form_token" value="([0-9a-f]{64})"', (await other.see(page)).text):
            return found[1]
    raise AssertionError("no form")


async def _facts(house: House, world: World) -> object:
    async with house.tools.sessions() as session:
        link = (await session.scalars(select(Link).where(Link.agency_id == world.north.agency_id))).one()
        asked = await house.access_requests(world.north)
        steps = await _rows(house, world)
        return link.updated_at, [(each.id, each.updated_at) for each in asked], [each.revoked_at for each in steps]


async def test_pressed_twice_makes_one_link_and_a_name_is_needed(walk: Walk, house: House, world: World) -> None:
    await walk.start()
    await passed_on(walk)
    await passed_on(walk)
    assert len(await _rows(house, world)) == 1
    assert "Enter the name" in await walk.sent_back("someone-else", person="")
    assert "Eve" in await walk.sent_back("someone-else", person="Eve", platform="nowhere")
    assert len(await _rows(house, world)) == 1


@pytest.mark.parametrize("how", ["taken back", "too late", "link revoked"])
async def test_a_step_link_that_ended_opens_nothing(
    app: FastAPI, walk: Walk, house: House, world: World, how: str
) -> None:
    await walk.start()
    address = await passed_on(walk)
    async with helper(app, world, address) as other, helper(app, world) as third:
        (row,) = await _rows(house, world)
        if how == "taken back":
            for _twice in range(2):
                assert walk.goes_to(await walk.send("someone-else/revocation", step=row.id)) == "someone-else"
        async with house.tools.sessions.begin() as session:
            if how == "too late":
                late = {"expires_at": clock.now() - timedelta(seconds=1)}
                await session.execute(update(StepLink).where(StepLink.agency_id == row.agency_id).values(**late))
            if how == "link revoked":
                over: dict[str, Any] = {"revoked_at": clock.now(), "status": "revoked"}
                await session.execute(update(Link).where(Link.agency_id == row.agency_id).values(**over))
        for screen in ("your-step", "way", "account", "return"):
            assert (await other.see(screen)).status_code == 410, screen
        assert (await third.browser.get(address)).status_code == 410
        assert (await press(third.browser, address)).status_code == 410
    if how == "taken back":
        assert address not in (await walk.see("someone-else")).text


async def test_a_changed_token_and_another_agencys_host_are_unknown(
    app: FastAPI, walk: Walk, house: House, world: World
) -> None:
    await walk.start()
    address = await passed_on(walk)
    changed = address[:-1] + ("A" if address[-1] != "A" else "B")
    async with helper(app, world) as other:
        for wrong in (changed, address[:-1], f"{PUBLIC_URL}/l/step/{world.north.token}"):
            assert (await other.browser.get(wrong)).status_code == 404, wrong
    await verified(house.tools.sessions, world.south, "go.south.example")
    async with helper(app, world) as other:
        there = address.replace(PUBLIC_URL, "https://go.south.example")
        assert (await other.browser.get(there)).status_code == 404


async def test_the_clients_own_browser_stays_the_clients(walk: Walk, house: House, world: World) -> None:
    await walk.start()
    await walk.answer("lane", "account", "assets", "about")
    address = await passed_on(walk)
    await press(walk.browser, address)
    assert walk.goes_to(await walk.see("your-step")) == walk.path
    assert (await walk.see("review")).status_code == 200
    assert (await _rows(house, world))[0].opened_at is None


async def test_the_whole_link_in_a_browser_of_a_step_needs_a_code(
    app: FastAPI, walk: Walk, house: House, world: World
) -> None:
    await walk.start()
    await walk.answer("lane", "account", "assets", "about")
    address = await passed_on(walk)
    async with helper(app, world, address) as other:
        await other.start()
        assert other.goes_to(await other.see("about")) == "device"
        await press(other.browser, address)
        assert other.goes_to(await other.see("about")) == "your-step"


async def test_the_first_page_leads_to_it(walk: Walk) -> None:
    answer = await press(walk.browser, walk.corner.link_path, next="someone-else")
    assert walk.goes_to(answer) == "someone-else"
    assert "Who should do it?" in (await walk.see("someone-else")).text


async def test_a_wrong_company_does_not_become_the_clients(
    app: FastAPI, walk: Walk, house: House, world: World
) -> None:
    await walk.start()
    await walk.send("lane", **BY_HAND["lane"])
    address = await passed_on(walk)
    async with helper(app, world, address) as other:
        await trip(other, house, seed.TWO_BRANDS_THEO)
        assert other.goes_to(await other.see("about")) == "your-step"
    assert (await walk.see("account")).status_code == 200, "the client's browser needs no code"
