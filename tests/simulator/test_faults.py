"""Scripted faults, the limit per second, and luck that can be repeated."""

import time

import pytest

from simulator import seed
from simulator.api.envelope import MESSAGES
from simulator.faults import Fault, Script
from tests.simulator.caller import Caller


def test_a_script_is_read_in_order_for_each_path() -> None:
    script = Script()
    for fault in (Fault("a/", code=1, times=2), Fault("b/", code=2), Fault("*", code=3)):
        script.add(fault)
    taken = [script.take(path) for path in ("b/", "a/", "b/", "a/", "a/")]
    assert [fault.code if fault else None for fault in taken] == [2, 1, 3, 1, None]


@pytest.mark.parametrize("spelling", ["bc/get/", "/bc/get/", "/open_api/v1.3/bc/get/", "bc/get"])
def test_a_path_can_be_spelt_as_one_likes(spelling: str) -> None:
    assert Fault(spelling).fits("bc/get/")
    assert not Fault(spelling).fits("bc/asset/get/")


@pytest.mark.parametrize("code", sorted(MESSAGES))
async def test_any_return_code(caller: Caller, code: int) -> None:
    await caller.break_next(path="user/info/", code=code)
    assert (await caller.get("bc/get/")).code == 0
    answer = await caller.get("user/info/")
    assert (answer.code, answer.message, answer.data) == (code, MESSAGES[code], {})
    assert (await caller.get("user/info/")).data["core_user_id"] == seed.NORA_NORTH


async def test_a_message_of_ones_own_and_several_times(caller: Caller) -> None:
    await caller.break_next(code=41000, message="Not from here.", times=2)
    answers = [await caller.get("user/info/") for _ in range(3)]
    assert [(answer.code, answer.message) for answer in answers] == [
        (41000, "Not from here."),
        (41000, "Not from here."),
        (0, "OK"),
    ]


async def test_an_http_status(caller: Caller) -> None:
    await caller.break_next(http_status=503)
    response = await caller.client.get("/open_api/v1.3/user/info/")
    assert (response.status_code, response.headers["Content-Type"]) == (503, "text/html; charset=utf-8")


async def test_a_fault_comes_before_anything_is_done_unless_told(caller: Caller, ana: str) -> None:
    share = {"bc_id": seed.MAISON_LUNE, "partner_id": seed.NORTH_AGENCY, "asset_type": "ADVERTISER"}
    counts = []
    for fault in ({"code": 50000}, {"code": 50000, "applied": True}, {"http_status": 502, "applied": True}):
        await caller.break_next(**fault)
        headers = {"Access-Token": ana}
        body = {**share, "asset_ids": [seed.LUNE_EU]}
        await caller.client.post("/open_api/v1.3/bc/partner/add/", json=body, headers=headers)
        calls = await caller.control("GET", "calls")
        counts.append((calls["shares"], calls["second_shares"]))
    assert counts == [(0, 0), (1, 0), (1, 1)]


async def test_a_delay(caller: Caller) -> None:
    await caller.break_next(delay=0.1)
    start = time.monotonic()
    assert (await caller.get("user/info/")).code == 0
    assert time.monotonic() - start >= 0.1


async def test_without_a_socket_a_drop_is_an_error_too(caller: Caller) -> None:
    await caller.break_next(drop=True)
    with pytest.raises(ConnectionResetError):
        await caller.get("user/info/")


async def test_the_limit_is_per_app_and_calendar_second(caller: Caller) -> None:
    await caller.switch(qps=2)
    other = await caller.token(seed.NORA_NORTH, seed.LEVEL_ONE_APP)
    assert [(await caller.get("user/info/")).code for _ in range(3)] == [0, 0, 40100]
    assert (await caller.get("user/info/", token=other)).code == 0
    assert (await caller.get("user/info/", token=seed.SOUTH_TOKEN)).message == "App reaches the QPS limit."
    exchange = await caller.post("oauth2/access_token/", None, app_id=seed.FULL_APP)
    assert exchange.code == 40100
    caller.clock.forward(1)
    assert (await caller.get("user/info/")).code == 0
    assert (await caller.control("GET", "calls"))["max_calls_in_one_second"] == 5


async def test_over_the_limit_nothing_is_done(caller: Caller, ana: str) -> None:
    await caller.switch(qps=1)
    pair = {"bc_id": seed.MAISON_LUNE, "partner_id": seed.NORTH_AGENCY}
    await caller.get("user/info/", token=ana)
    assert (await caller.post("bc/partner/add/", ana, **pair)).code == 40100
    assert len((await caller.control("GET", "world"))["partnerships"]) == 1


async def test_luck_follows_the_seed(caller: Caller) -> None:
    async def outcomes(number: int) -> list[str]:
        await caller.control("POST", "reset", {"seed": number})
        await caller.switch(flaky=0.5)
        for _ in range(30):
            try:
                await caller.client.get("/open_api/v1.3/user/info/")
            except ConnectionResetError:
                continue
        calls = (await caller.control("GET", "calls"))["calls"]
        return [f"{call['outcome']} {call['code']}" for call in calls]

    first, again, other = await outcomes(1), await outcomes(1), await outcomes(2)
    assert first == again
    assert first != other
    assert 5 < first.count("answered 40104") < 25
