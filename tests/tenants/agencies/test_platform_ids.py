"""Who the agency is at manual platforms, over HTTP."""

import httpx2
import pytest

from tests import manual_platforms
from tests.world import World


async def test_every_platform_says_what_it_needs(api: httpx2.AsyncClient) -> None:
    every = {each["key"]: each for each in (await api.get("/agency/platforms")).json()["data"]}
    assert list(every)[-1] == "other"
    meta = every["meta"]
    assert (meta["missing"], meta["identifiers"], meta["own_words"]) == (["portfolio_id"], {}, False)
    assert [role["key"] for role in meta["things"][0]["roles"]] == ["VIEW_PERFORMANCE", "MANAGE_CAMPAIGNS"]
    assert meta["sources"][0].startswith("https://facebook.com/business/help/")
    assert every["other"]["missing"] == []


async def test_ids_are_set_replaced_and_told(api: httpx2.AsyncClient) -> None:
    for portfolio in ("1234567890123456", "6543210987654321"):
        said = {"identifiers": {"portfolio_id": portfolio}}
        told = (await api.put("/agency/platforms/meta", json=said)).json()
        assert (told["identifiers"], told["missing"]) == ({"portfolio_id": portfolio}, [])
    assert (await api.get("/agency/platforms/meta")).json()["identifiers"] == {"portfolio_id": "6543210987654321"}
    assert (await api.put("/agency/platforms/meta", json={"identifiers": {}})).json()["missing"] == ["portfolio_id"]


@pytest.mark.parametrize(
    ("platform", "identifiers", "field", "said"),
    [
        ("meta", {"portfolio_id": "acme"}, "identifiers.portfolio_id", "10 to 20 digits"),
        ("meta", {"portfolio": "1234567890123456"}, "identifiers.portfolio", "it takes portfolio_id"),
        ("google_analytics", {"email": "not an address"}, "identifiers.email", "such as access@north.example"),
        ("other", {"id": "x"}, "identifiers.id", "it takes none"),
    ],
)
async def test_a_wrong_id_says_what_it_looks_like(
    api: httpx2.AsyncClient, platform: str, identifiers: dict[str, str], field: str, said: str
) -> None:
    refused = await api.put(f"/agency/platforms/{platform}", json={"identifiers": identifiers})
    assert refused.status_code == 422
    assert said in refused.json()["errors"][field]
    assert (await api.get(f"/agency/platforms/{platform}")).json()["identifiers"] == {}


@pytest.mark.parametrize("key", ["tiktok", "nowhere"])
async def test_a_platform_that_is_not_manual_is_not_found(api: httpx2.AsyncClient, key: str) -> None:
    for answer in (
        await api.get(f"/agency/platforms/{key}"),
        await api.put(f"/agency/platforms/{key}", json={"identifiers": {}}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_another_agencys_ids_are_not_mine(api: httpx2.AsyncClient, world: World, app: object) -> None:
    await api.put("/agency/platforms/meta", json={"identifiers": {"portfolio_id": manual_platforms.PORTFOLIO}})
    other = {"Authorization": f"Bearer {world.south.key}"}
    theirs = (await api.get("/agency/platforms/meta", headers=other)).json()
    assert (theirs["identifiers"], theirs["missing"]) == ({}, ["portfolio_id"])
