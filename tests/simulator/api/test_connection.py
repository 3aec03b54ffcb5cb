"""Answers that never come, over real connections, with both of uvicorn's HTTP implementations."""

import asyncio
from collections import Counter

import httpx2
import pytest

from simulator import seed
from tests.simulator.caller import Caller

SHARE = {
    "bc_id": seed.MAISON_LUNE,
    "partner_id": seed.NORTH_AGENCY,
    "asset_type": "ADVERTISER",
    "asset_ids": [seed.LUNE_EU],
}


async def shares(live: Caller) -> list[str]:
    world = await live.control("GET", "world")
    return [share["asset_id"] for share in world["shares"] if share["bc_id"] == seed.MAISON_LUNE]


async def test_a_drop_is_a_broken_connection_and_nothing_done(live: Caller, caplog: pytest.LogCaptureFixture) -> None:
    ana = await live.token(seed.ANA_CLIENT)
    await live.break_next(path="bc/partner/add/", drop=True)
    with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
        await live.post("bc/partner/add/", ana, **SHARE)
    assert await shares(live) == []
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []
    assert (await live.post("bc/partner/add/", ana, **SHARE)).code == 0
    assert await shares(live) == [seed.LUNE_EU]


async def test_a_lost_answer_is_a_broken_connection_and_all_done(live: Caller) -> None:
    ana = await live.token(seed.ANA_CLIENT)
    await live.break_next(path="bc/partner/add/", lost=True)
    with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
        await live.post("bc/partner/add/", ana, **SHARE)
    assert await shares(live) == [seed.LUNE_EU]
    outcomes = [call["outcome"] for call in (await live.control("GET", "calls"))["calls"]]
    assert outcomes == ["lost"]


async def test_every_write_can_lose_its_answer(live: Caller) -> None:
    ana = await live.token(seed.ANA_CLIENT)
    await live.switch(lost_answers=1)
    for path, body in (
        ("bc/partner/add/", SHARE),
        ("bc/partner/asset/delete/", SHARE),
        ("bc/partner/delete/", SHARE),
        (
            "oauth2/revoke_token/",
            {"app_id": seed.FULL_APP, "secret": seed.FULL_APP_SECRET, "access_token": ana},
        ),
    ):
        with pytest.raises(httpx2.TransportError):
            await live.post(path, ana, **body)
    assert (await live.get("user/info/", token=ana)).code == 40105
    assert (await live.control("GET", "world"))["partnerships"] == [
        {"requester_id": seed.SOUTH_AGENCY, "approver_id": seed.COMPTOIR_MIXTE, "approved": True}
    ]
    assert (await live.post("oauth2/access_token/", None, app_id=seed.FULL_APP)).code == 40002


async def test_flaky_fails_in_every_way_and_does_nothing(live: Caller) -> None:
    ana = await live.token(seed.ANA_CLIENT)
    await live.switch(flaky=1)
    seen: Counter[object] = Counter()
    for _ in range(40):
        try:
            response = await live.client.post(
                "/open_api/v1.3/bc/partner/add/", json=SHARE, headers={"Access-Token": ana}
            )
        except httpx2.TransportError:
            seen["dropped"] += 1
        else:
            is_json = response.headers["Content-Type"] == "application/json"
            seen[response.json()["code"] if is_json else response.status_code] += 1
    assert set(seen) == {50000, 50002, 51305, 502, "dropped"}
    await live.switch(flaky=0)
    assert await shares(live) == []


async def test_the_rest_of_the_server_goes_on(live: Caller) -> None:
    await live.break_next(drop=True)
    with pytest.raises(httpx2.TransportError):
        await live.get("user/info/")
    assert (await live.get("user/info/")).code == 0


async def test_a_caller_gives_up_but_the_write_is_done(live: Caller) -> None:
    ana = await live.token(seed.ANA_CLIENT)
    await live.break_next(path="bc/partner/add/", delay=0.2)
    headers = {"Access-Token": ana}
    impatient = httpx2.Timeout(60, read=0.05)
    with pytest.raises(httpx2.ReadTimeout):
        await live.client.post("/open_api/v1.3/bc/partner/add/", json=SHARE, headers=headers, timeout=impatient)
    async with asyncio.timeout(60):
        while await shares(live) != [seed.LUNE_EU]:  # noqa: ASYNC110 - the server ends it
            await asyncio.sleep(0.05)
