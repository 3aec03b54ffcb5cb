"""Codes, tokens and who is behind them."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from simulator import seed
from tests.simulator.caller import Caller
from tests.simulator.conftest import REDIRECT

LUNE = [seed.LUNE_EU, seed.LUNE_UK, seed.LUNE_US]
APP = {"app_id": seed.FULL_APP, "secret": seed.FULL_APP_SECRET}


async def consent(caller: Caller, ticked: list[str], person: str = seed.ANA_CLIENT) -> str:
    form = {
        "app_id": seed.FULL_APP,
        "redirect_uri": REDIRECT,
        "state": "s",
        "person": person,
        "decision": "authorize",
        "advertiser_ids": ticked,
    }
    response = await caller.client.post("/portal/auth", data=form)
    return parse_qs(urlsplit(response.headers["Location"]).query)["auth_code"][0]


async def test_exchange(caller: Caller) -> None:
    code = await consent(caller, [seed.LUNE_UK])
    answer = await caller.post("oauth2/access_token/", token=None, **APP, auth_code=code)
    assert (answer.code, answer.message) == (0, "OK")
    assert set(answer.data) == {"access_token", "advertiser_ids", "scope"}
    assert answer.data["advertiser_ids"] == [seed.LUNE_UK]
    assert {100, 150, 153, 155} <= set(answer.data["scope"])
    listed = await caller.get("oauth2/advertiser/get/", token=answer.data["access_token"], **APP)
    assert listed.data == {"list": [{"advertiser_id": seed.LUNE_UK, "advertiser_name": "Maison Lune UK"}]}


async def test_ids_can_be_left_out(caller: Caller) -> None:
    code = await consent(caller, LUNE)
    body: dict[str, Any] = {**APP, "auth_code": code, "return_advertiser_ids": False}
    answer = await caller.post("oauth2/access_token/", token=None, **body)
    assert answer.data["advertiser_ids"] == []


async def test_a_code_works_once(caller: Caller) -> None:
    code = await consent(caller, LUNE)
    codes = [(await caller.post("oauth2/access_token/", None, **APP, auth_code=code)).code for _ in range(2)]
    assert codes == [0, 40110]


@pytest.mark.parametrize(("seconds", "expected"), [(3599, 0), (3600, 40110)])
async def test_a_code_lives_an_hour(caller: Caller, seconds: float, expected: int) -> None:
    code = await consent(caller, LUNE)
    caller.clock.forward(seconds)
    assert (await caller.post("oauth2/access_token/", None, **APP, auth_code=code)).code == expected


async def test_a_code_belongs_to_its_app(caller: Caller) -> None:
    code = await consent(caller, LUNE)
    other = {"app_id": seed.LEVEL_ONE_APP, "secret": seed.LEVEL_ONE_APP_SECRET}
    assert (await caller.post("oauth2/access_token/", None, **other, auth_code=code)).code == 40110
    assert (await caller.post("oauth2/access_token/", None, **APP, auth_code=code)).code == 0


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"app_id": "7400000000000000099"}, 40101),
        ({"secret": "guessed"}, 40101),
        ({"auth_code": "guessed"}, 40110),
        ({"auth_code": None}, 40002),
        ({"app_id": None}, 40002),
        ({"app_id": int(seed.FULL_APP)}, 40002),
        ({"return_advertiser_ids": "yes"}, 40002),
    ],
)
async def test_exchange_refusals(caller: Caller, change: dict[str, object], expected: int) -> None:
    body: dict[str, object] = {**APP, "auth_code": "0" * 40, **change}
    assert (await caller.post("oauth2/access_token/", token=None, **body)).code == expected


async def test_revoking(caller: Caller, ana: str) -> None:
    share = {"bc_id": seed.MAISON_LUNE, "partner_id": seed.NORTH_AGENCY, "asset_type": "ADVERTISER"}
    await caller.post("bc/partner/add/", ana, **share, asset_ids=[seed.LUNE_EU])
    answer = await caller.post("oauth2/revoke_token/", token=None, **APP, access_token=ana)
    assert answer.data == {"app_id": seed.FULL_APP, "advertiser_ids": LUNE}
    assert (await caller.get("user/info/", token=ana)).code == 40105
    assert (await caller.post("oauth2/revoke_token/", None, **APP, access_token=ana)).code == 40105
    world = await caller.control("GET", "world")
    assert seed.LUNE_EU in [each["asset_id"] for each in world["shares"]]


@pytest.mark.parametrize(
    ("app_id", "secret", "expected"),
    [
        (seed.LEVEL_ONE_APP, seed.LEVEL_ONE_APP_SECRET, 40113),
        (seed.FULL_APP, "guessed", 40101),
    ],
)
async def test_only_its_own_app_revokes_or_lists(
    caller: Caller, ana: str, app_id: str, secret: str, expected: int
) -> None:
    body = {"app_id": app_id, "secret": secret}
    assert (await caller.post("oauth2/revoke_token/", None, **body, access_token=ana)).code == expected
    assert (await caller.get("oauth2/advertiser/get/", ana, **body)).code == expected
    assert (await caller.get("user/info/", token=ana)).code == 0


async def test_user_info(caller: Caller, ana: str) -> None:
    answer = await caller.get("user/info/", token=ana)
    assert answer.data == {
        "core_user_id": seed.ANA_CLIENT,
        "display_name": "Ana Client",
        "email": "a**@maisonlune.example",
        "create_time": 1632902400,
        "avatar_url": f"https://p16.tiktokcdn.example/{seed.ANA_CLIENT}.jpeg",
    }


async def test_what_is_shared_later_may_need_a_fresh_consent(caller: Caller, ana: str) -> None:
    share = {"bc_id": seed.MAISON_LUNE, "partner_id": seed.NORTH_AGENCY, "asset_type": "ADVERTISER"}
    await caller.post("bc/partner/add/", ana, **share, asset_ids=[seed.LUNE_EU])
    reached = await caller.get("oauth2/advertiser/get/", **APP)
    assert {row["advertiser_id"] for row in reached.rows} == {seed.NORTH_ACCOUNT, seed.LUNE_EU}
    await caller.switch(reauthorize=True)
    old = await caller.get("oauth2/advertiser/get/", **APP)
    fresh = await caller.get("oauth2/advertiser/get/", await caller.token(seed.NORA_NORTH), **APP)
    assert [row["advertiser_id"] for row in old.rows] == [seed.NORTH_ACCOUNT]
    assert {row["advertiser_id"] for row in fresh.rows} == {seed.NORTH_ACCOUNT, seed.LUNE_EU}
    await caller.post("bc/partner/delete/", ana, bc_id=seed.MAISON_LUNE, partner_id=seed.NORTH_AGENCY)
    gone = await caller.get("oauth2/advertiser/get/", await caller.token(seed.NORA_NORTH), **APP)
    assert [row["advertiser_id"] for row in gone.rows] == [seed.NORTH_ACCOUNT]
