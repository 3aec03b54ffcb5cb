"""The screen about the client: only what the preset asks for, and countries proposed from the chosen ad accounts."""

import re
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from app.access.connections.models import Connection
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.links import queries as links
from app.links import service as link_service
from simulator.seed import LUNE_EU, LUNE_UK, LUNE_US
from tests.client_portal.walk import BY_HAND, Walk, trip
from tests.house import House
from tests.world import TESTS, World

ZONES = {LUNE_EU: "Europe/Berlin", LUNE_UK: "Europe/London", LUNE_US: "America/New_York"}
SUGGESTED = "Suggested by the time zones of your ad accounts."


@pytest.fixture
async def connected(walk: Walk, house: House, sessions: Sessions, world: World) -> Walk:
    """A client who came back from TikTok, with ad accounts in several time zones."""
    await walk.start()
    await trip(walk, house)
    async with sessions.begin() as session:
        mine = select(Connection).where(Connection.agency_id == world.north.agency_id)
        connection = (await session.scalars(mine)).one()
        assets = [
            each | {"timezone": ZONES.get(each["asset_id"], each["timezone"])} for each in connection.found["assets"]
        ]
        connection.found = {**connection.found, "assets": assets}
    return walk


def _ticked(page: str) -> set[str]:
    """The countries that are ticked."""
    return set(re.findall(r'name="markets"\s+value="(\w\w)"\s+checked', page))


async def test_countries_are_proposed_by_the_time_zones_of_the_chosen_accounts(connected: Walk) -> None:
    await connected.send("assets", ad_account=[LUNE_EU, LUNE_UK])
    page = (await connected.see("about")).text
    assert _ticked(page) == {"DE", "GB"}, "not that of an account which was left out"
    assert SUGGESTED in page


async def test_what_was_saved_or_typed_counts_more_than_the_proposal(connected: Walk) -> None:
    await connected.send("assets", ad_account=[LUNE_EU])
    page = await connected.sent_back("about", markets=["ES"])
    assert (_ticked(page), SUGGESTED in page) == ({"ES"}, False)
    await connected.send("about", **BY_HAND["about"])
    page = (await connected.see("about")).text
    assert (_ticked(page), SUGGESTED in page) == ({"FR", "DE"}, False)


async def test_a_proposal_is_kept_only_when_it_is_sent(connected: Walk, sessions: Sessions, world: World) -> None:
    await connected.send("assets", ad_account=[LUNE_EU])
    await connected.see("about")
    async with sessions() as session:
        assert (await links.load_link(session, world.north.agency_id, world.north.link_id)).intake.markets is None
    page = await connected.sent_back("about", **BY_HAND["about"] | {"markets": []})
    assert _ticked(page) == set(), "the client unticked it"


async def test_by_hand_nothing_is_proposed(walk: Walk) -> None:
    await walk.start()
    await walk.answer("lane", "account", "assets")
    page = (await walk.see("about")).text
    assert (_ticked(page), SUGGESTED in page) == (set(), False)


@pytest.mark.parametrize(
    ("screens", "heading", "other", "answer"),
    [
        (["markets"], "Where do you want to advertise?", "Whom should", {"markets": ["FR"]}),
        (
            ["contacts"],
            "Whom should",
            "Where do you want to advertise?",
            {key: value for key, value in BY_HAND["about"].items() if key != "markets"},
        ),
    ],
)
async def test_only_what_the_preset_asks_for_is_asked(
    walk: Walk, api: httpx2.AsyncClient, sessions: Sessions, keyring: Keyring, world: World,
    screens: list[str], heading: str, other: str, answer: dict[str, Any],
) -> None:  # fmt: skip
    preset = {
        "slug": "little", "name": "Little", "sentence": "Little.", "screens": screens,
        "access_requests": [{"kind": "ad_account", "role": "ANALYST", "reason": "To look."}],
    }  # fmt: skip
    assert (await api.post("/presets", json=preset)).status_code == 201
    async with sessions.begin() as session:
        made, token = await link_service.create_link(
            session, world.north.agency_id, client_id=world.north.client_id, preset="little", keyring=keyring,
            actor=TESTS,
        )  # fmt: skip
    there = Walk(walk.browser, replace(world.north, link_id=made.link.id, token=token))
    await there.start()
    await there.answer("lane", "account", "assets")
    page = (await there.see("about")).text
    assert heading in page
    assert other not in page
    assert there.goes_to(await there.send("about", **answer)) == "review"
