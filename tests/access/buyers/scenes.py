"""Agencies that name buyers, and clients that share."""

from dataclasses import replace

import httpx2

from app.access.pacing import RetryTiming
from simulator import seed
from tests.house import House

BO, KIM = "bo@northagency.example", "kim@northagency.example"
BUYERS = {"buyers": [{"email": BO, "role": "OPERATOR"}, {"email": KIM, "role": "Observer"}]}
ASSIGN, UNASSIGN, MEMBERS = "bc/asset/assign/", "bc/asset/unassign/", "bc/member/get/"
HOLDERS = "bc/asset/member/get/"


async def name(house: House, api: httpx2.AsyncClient, buyers: object = None) -> None:
    center = (await api.get("/agency/accounts")).json()["data"][0]["id"]
    answer = await api.put(f"/agency/accounts/{center}/buyers", json=buyers or BUYERS)
    assert answer.status_code == 200, answer.text


async def shared(house: House, *accounts: str) -> None:
    await house.connect_agency(house.world.north)
    await house.connect_client(house.world.north)
    await house.agree(house.world.north, *(accounts or (seed.LUNE_EU,)))


async def shown(house: House, api: httpx2.AsyncClient, at: int = 0) -> dict[str, tuple[str, str | None, str]]:
    """State, code and role of each buyer, as the API shows them."""
    found = (await api.get("/grants")).json()["data"]
    whole = (await api.get(f"/grants/{found[at]['id']}")).json()
    return {each["email"]: (each["status"], each["code"], each["role"]) for each in whole["buyers"]}


def patient(house: House) -> House:
    """With the settling time of production, which passes in these tests only where they say so."""
    return replace(house, tools=replace(house.tools, timing=RetryTiming()))


async def count(house: House, path: str) -> int:
    return int((await house.tiktok.calls())["by_path"].get(path, 0))
