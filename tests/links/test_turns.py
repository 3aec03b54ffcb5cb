"""Links by whose turn it is, over HTTP: the search and the filters of the dashboard's pipeline, and its counts."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from app.kit.database import Sessions
from app.links.models import AccessRequest
from app.tenants.members import service as members
from tests.dashboard.conftest import CHEAP_HASH
from tests.world import World


async def _counts(api: httpx2.AsyncClient, **filters: Any) -> dict[str, int]:
    answer = await api.get("/links/turns", params=filters)
    assert answer.status_code == 200, answer.text
    return {each["turn"]: each["count"] for each in answer.json()["data"] if each["count"]}


@pytest.fixture
async def links(api: httpx2.AsyncClient, sessions: Sessions, world: World) -> tuple[str, str]:
    """The link of the world, a draft; and another that was sent, on another platform, held up by a blocker."""
    made = (
        await api.post(
            "/links",
            json={
                "client": {"name": "Casa Tinta", "contact_name": "Iker"}, "external_id": "deal:7",
                "preset": "audit-only",
            },
        )
    ).json()  # fmt: skip
    async with sessions.begin() as session:
        await session.execute(
            update(AccessRequest)
            .where(AccessRequest.agency_id == world.north.agency_id, AccessRequest.link_id == made["id"])
            .values(code="bc_suspended", asset_name="Tinta Iberia", asset_id="7200000000000000777")
        )
    return world.north.link_id, made["id"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, "both"),
        ({"q": "casa  TINTA"}, "second"),
        ({"q": "iker"}, "second"),
        ({"q": "iberia"}, "second"),
        ({"q": "7200000000000000777"}, "second"),
        ({"q": "deal:7"}, "second"),
        ({"q": "lune"}, "first"),
        ({"q": "nothing"}, "none"),
        ({"q": "%"}, "none"),
        ({"preset": "audit-only"}, "second"),
        ({"code": "bc_suspended"}, "second"),
        ({"platform": "tiktok"}, "both"),
        ({"platform": "meta"}, "none"),
        ({"turn": "agency"}, "first"),
        ({"turn": "client"}, "second"),
        ({"turn": "verified"}, "none"),
    ],
)
async def test_a_search_finds_what_the_pipeline_finds_and_counts_it(
    api: httpx2.AsyncClient, world: World, links: tuple[str, str], filters: dict[str, str], found: str
) -> None:
    first, second = links
    expected = {"both": {first, second}, "first": {first}, "second": {second}, "none": set()}[found]
    answer = await api.get("/links", params=filters)
    assert {each["id"] for each in answer.json()["data"]} == expected
    assert world.south.link_id not in answer.text
    common = {name: value for name, value in filters.items() if name != "turn"}
    counted = await _counts(api, **common)
    if "turn" in filters:
        assert counted.get(filters["turn"], 0) == len(expected)
    else:
        assert sum(counted.values()) == len(expected)


async def test_links_without_an_owner_and_those_whose_owner_has_left(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, links: tuple[str, str]
) -> None:
    first, second = links
    async with sessions.begin() as session:
        bo, cy = [
            await members.add(
                session, world.north.agency_id, name=name, email=f"{name}@north.example", role="member",
                password_hash=CHEAP_HASH,
            )
            for name in ("bo", "cy")
        ]  # fmt: skip
    assert await _counts(api, unowned="true") == {"agency": 1, "client": 1}
    for link, member in ((first, bo), (second, cy)):
        await api.put(f"/links/{link}/owner", json={"owner_member_id": member.id})
    assert await _counts(api, unowned="true") == {}
    assert await _counts(api, owner_member_id=bo.id) == {"agency": 1}
    await api.delete(f"/members/{bo.id}")
    listed = (await api.get("/links", params={"unowned": "true"})).json()["data"]
    assert [each["id"] for each in listed] == [first]


async def test_the_longest_wait_of_each_turn_is_told(
    api: httpx2.AsyncClient, sessions: Sessions, world: World, links: tuple[str, str]
) -> None:
    turns = {each["turn"]: each for each in (await api.get("/links/turns")).json()["data"]}
    assert list(turns) == ["agency", "drifted", "client", "platform", "verified", "ended"]
    link = (await api.get(f"/links/{links[1]}")).json()
    assert turns["client"]["waiting_since"] == link["next_actor_since"]
    assert turns["verified"]["waiting_since"] is None
    wrong = await api.get("/links/turns", params={"owner_member_id": "nobody"})
    assert wrong.status_code in (404, 422)
    assert (await api.get("/links", params={"turn": "nobody"})).status_code == 422
