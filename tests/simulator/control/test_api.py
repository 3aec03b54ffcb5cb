"""The control surface, as tests and the demo use it."""

from typing import Any

import pytest

from simulator import seed
from tests.simulator.caller import Caller
from tests.simulator.conftest import REDIRECT

PAIR = {"bc_id": seed.MAISON_LUNE, "partner_id": seed.NORTH_AGENCY}
AGENCY_LOOKS = {
    "bc_id": seed.NORTH_AGENCY,
    "partner_id": seed.MAISON_LUNE,
    "asset_type": "ADVERTISER",
    "share_type": "SHARED",
}


async def lune_shares(caller: Caller) -> list[dict[str, Any]]:
    world = await caller.control("GET", "world")
    return [share for share in world["shares"] if share["bc_id"] == seed.MAISON_LUNE]


async def test_switches_change_one_by_one(caller: Caller) -> None:
    best = {
        "partner_approval": False, "read_lag": 0, "qps": None, "flaky": 0, "lost_answers": 0, "reauthorize": False,
        "pixel_links_denied": False, "strangers_refused": False,
    }  # fmt: skip
    assert await caller.control("GET", "switches") == best
    assert await caller.control("PATCH", "switches", {"qps": 5}) == {**best, "qps": 5}
    changed = await caller.control("PATCH", "switches", {"qps": None, "read_lag": 1.5})
    assert changed == {**best, "read_lag": 1.5} == await caller.control("GET", "switches")


@pytest.mark.parametrize("patch", [{"speed": 1}, {"flaky": 2}, {"qps": 0}, {"read_lag": "soon"}, {"flaky": None}])
async def test_wrong_switches(caller: Caller, patch: dict[str, object]) -> None:
    before = await caller.control("GET", "switches")
    response = await caller.client.patch("/simulator/switches", json=patch)
    assert response.status_code == 422
    assert await caller.control("GET", "switches") == before


async def test_faults_can_be_listed_and_forgotten(caller: Caller) -> None:
    await caller.control("POST", "faults", [{"code": 50000}, {"path": "bc/get/", "drop": True, "times": 3}])
    waiting = (await caller.control("GET", "faults"))["faults"]
    assert [(fault["path"], fault["code"], fault["times"]) for fault in waiting] == [
        ("*", 50000, 1),
        ("bc/get/", None, 3),
    ]
    assert await caller.control("DELETE", "faults") is None
    assert (await caller.get("bc/get/")).code == 0


@pytest.mark.parametrize(
    "fault",
    [{}, {"code": 1, "drop": True}, {"lost": True, "http_status": 502}, {"code": 1, "times": 0}, {"kode": 1}],
)
async def test_wrong_faults(caller: Caller, fault: dict[str, object]) -> None:
    assert (await caller.client.post("/simulator/faults", json=fault)).status_code == 422
    assert await caller.control("GET", "faults") == {"faults": []}


async def test_the_world(caller: Caller) -> None:
    world = await caller.control("GET", "world")
    assert set(world) == {
        "apps", "persons", "business_centers", "ad_accounts", "pixels", "other_assets", "shares", "partnerships",
        "partner_requests", "activities", "tokens",
    }  # fmt: skip
    lune = next(center for center in world["business_centers"] if center["bc_id"] == seed.MAISON_LUNE)
    assert {key: member["role"] for key, member in lune["members"].items()} == {
        seed.ANA_CLIENT: "ADMIN",
        seed.SAM_STANDARD: "STANDARD",
    }
    solo = next(each for each in world["ad_accounts"] if each["advertiser_id"] == seed.SOLO_ACCOUNT)
    assert (solo["owner_bc_id"], solo["owner_person_id"]) == (None, seed.SOLO_SASHA)
    assert world["shares"] == [
        {
            "bc_id": seed.SOUTH_AGENCY,
            "partner_id": seed.COMPTOIR_MIXTE,
            "asset_id": seed.SOUTH_ACCOUNT,
            "asset_type": "ADVERTISER",
            "role": "OPERATOR",
            "visible_to_owner": True,
            "visible_to_partner": True,
        }
    ]
    assert len(world["ad_accounts"]) == len({each["advertiser_id"] for each in world["ad_accounts"]}) == 136


async def test_sharing_by_hand_waits_for_approval_too(caller: Caller) -> None:
    await caller.switch(partner_approval=True)
    body = {**PAIR, "asset_ids": [seed.LUNE_EU, seed.LUNE_UK], "advertiser_role": "ADMIN"}
    outcome = await caller.control("POST", "shares", body)
    assert outcome == {"new": 2, "raised": 0, "again": 0, "ignored": 0}
    shares = await lune_shares(caller)
    assert [(each["role"], each["visible_to_owner"], each["visible_to_partner"]) for each in shares] == [
        ("ADMIN", True, False),
        ("ADMIN", True, False),
    ]
    assert (await caller.get("bc/partner/asset/get/", **AGENCY_LOOKS)).rows == []
    approval = {"bc_id": seed.NORTH_AGENCY, "partner_id": seed.MAISON_LUNE}
    await caller.control("POST", "partner-approvals", approval)
    assert len((await caller.get("bc/partner/asset/get/", **AGENCY_LOOKS)).rows) == 2
    again = await caller.client.post("/simulator/partner-approvals", json=approval)
    assert again.status_code == 409
    assert (await caller.control("GET", "calls"))["shares"] == 0


async def test_removing_by_hand(caller: Caller) -> None:
    await caller.control("POST", "shares", {**PAIR, "asset_ids": [seed.LUNE_EU, seed.LUNE_UK, seed.LUNE_US]})
    removed = await caller.control("DELETE", "shares", {**PAIR, "asset_ids": [seed.LUNE_EU]})
    assert removed == {"removed": 1}
    assert [share["asset_id"] for share in await lune_shares(caller)] == [seed.LUNE_UK, seed.LUNE_US]
    assert await caller.control("DELETE", "shares", PAIR) == {"removed": 2}
    assert await caller.control("DELETE", "shares", PAIR) == {"removed": 0}


@pytest.mark.parametrize(("before", "after"), [("ADMIN", "ANALYST"), ("ANALYST", "OPERATOR")])
async def test_changing_a_role_by_hand(caller: Caller, before: str, after: str) -> None:
    await caller.control("POST", "shares", {**PAIR, "asset_ids": [seed.LUNE_EU], "advertiser_role": before})
    body = {**PAIR, "asset_ids": [seed.LUNE_EU], "role": after}
    await caller.control("PATCH", "shares", body)
    rows = (await caller.get("bc/partner/asset/get/", **AGENCY_LOOKS)).rows
    assert [row["advertiser_role"] for row in rows] == [after]
    for wrong in ({"asset_ids": [seed.LUNE_UK]}, {"role": "AD_PROMOTE"}):
        response = await caller.client.patch("/simulator/shares", json={**body, **wrong})
        assert response.status_code == 409


async def test_parting_by_hand(caller: Caller) -> None:
    await caller.control("POST", "shares", {**PAIR, "asset_ids": [seed.LUNE_EU]})
    assert await caller.control("DELETE", "partnerships", PAIR) == {"parted": True}
    assert await caller.control("DELETE", "partnerships", PAIR) == {"parted": False}
    assert (await caller.get("bc/partner/get/", bc_id=seed.NORTH_AGENCY)).rows == []
    assert await lune_shares(caller) == []


async def test_who_did_it_can_be_named(caller: Caller) -> None:
    body = {**PAIR, "asset_ids": [seed.LUNE_EU]}
    await caller.control("POST", "shares", {**body, "by": seed.SAM_STANDARD})
    await caller.control("DELETE", "shares", body)
    activities = (await caller.control("GET", "world"))["activities"][seed.MAISON_LUNE]
    assert [each["operator_id"] for each in activities] == [seed.SAM_STANDARD, seed.SAM_STANDARD, seed.ANA_CLIENT]


async def test_linking_a_pixel_by_hand(caller: Caller, ana: str) -> None:
    body = {"pixel_id": seed.PIXEL_LUNE_APP, "advertiser_ids": [seed.LUNE_UK], "linked": True}
    made = await caller.control("POST", "pixel-links", body)
    assert made == {"pixel_id": seed.PIXEL_LUNE_APP, "advertiser_ids": [seed.LUNE_UK]}
    listed = await caller.get("pixel/list/", ana, advertiser_id=seed.LUNE_UK)
    assert [pixel["pixel_id"] for pixel in listed.data["pixels"]] == [seed.PIXEL_LUNE_APP]
    gone = await caller.control("POST", "pixel-links", {**body, "linked": False})
    assert gone["advertiser_ids"] == []
    for wrong, status in (({"pixel_id": seed.LUNE_EU}, 404), ({"advertiser_ids": [seed.PIXEL_LUNE]}, 409)):
        assert (await caller.client.post("/simulator/pixel-links", json={**body, **wrong})).status_code == status


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"asset_ids": [seed.SOLO_ACCOUNT]}, 409),
        ({"asset_ids": ["7200000000000099999"]}, 409),
        ({"partner_id": "7000999988887779999"}, 409),
        ({"partner_id": seed.MAISON_LUNE}, 409),
        ({"advertiser_role": "OWNER"}, 422),
    ],
)
async def test_what_cannot_be_shared_by_hand(caller: Caller, change: dict[str, object], status: int) -> None:
    body = {**PAIR, "asset_ids": [seed.LUNE_EU], **change}
    assert (await caller.client.post("/simulator/shares", json=body)).status_code == status
    assert await lune_shares(caller) == []


async def test_a_client_cancels_one_or_all_authorizations(caller: Caller, ana: str) -> None:
    second, sam = await caller.token(seed.ANA_CLIENT), await caller.token(seed.SAM_STANDARD)
    revoke = "tokens/revocation"
    assert await caller.control("POST", revoke, {"access_token": ana}) == {"revoked": 1}
    codes = [(await caller.get("user/info/", token=token)).code for token in (ana, second, sam)]
    assert codes == [40105, 0, 0]
    assert await caller.control("POST", revoke, {"person": seed.ANA_CLIENT}) == {"revoked": 1}
    codes = [(await caller.get("user/info/", token=token)).code for token in (second, sam)]
    assert codes == [40105, 0]
    assert await caller.control("POST", revoke, {"access_token": ana}) == {"revoked": 0}
    both = {"access_token": ana, "person": seed.ANA_CLIENT}
    for wrong in ({}, both):
        assert (await caller.client.post(f"/simulator/{revoke}", json=wrong)).status_code == 422


async def test_an_ad_account_changes(caller: Caller, ana: str) -> None:
    body = {"status": "STATUS_LIMIT"}
    changed = await caller.control("POST", f"ad-accounts/{seed.LUNE_EU}", body)
    assert changed == {"advertiser_id": seed.LUNE_EU, "status": "STATUS_LIMIT"}
    answer = await caller.get("advertiser/info/", ana, advertiser_ids=[seed.LUNE_EU], fields=["status"])
    assert answer.rows == [{"advertiser_id": seed.LUNE_EU, "status": "STATUS_LIMIT"}]
    assert (await caller.client.post("/simulator/ad-accounts/1", json=body)).status_code == 404
    wrong = await caller.client.post(f"/simulator/ad-accounts/{seed.LUNE_EU}", json={"status": "FINE"})
    assert wrong.status_code == 422


async def test_redirects_outlive_a_reset_and_nothing_else_does(caller: Caller, ana: str) -> None:
    mine = {"app_id": seed.LEVEL_ONE_APP, "redirect_uri": "https://else.example/"}
    registered = await caller.control("POST", "registered-redirects", mine)
    assert registered == {"redirect_uris": ["https://else.example/", REDIRECT]}
    await caller.switch(flaky=1, read_lag=4)
    await caller.break_next(code=50000)
    await caller.control("POST", "shares", {**PAIR, "asset_ids": [seed.LUNE_EU]})
    await caller.control("POST", f"ad-accounts/{seed.LUNE_EU}", {"status": "STATUS_LIMIT"})
    before = await caller.control("GET", "world")
    after = await caller.control("POST", "reset")
    assert after != before
    assert [app["redirect_uris"] for app in after["apps"]] == [
        [REDIRECT],
        [REDIRECT],
        registered["redirect_uris"],
        [REDIRECT],
    ]
    assert await lune_shares(caller) == []
    assert (await caller.control("GET", "switches"))["flaky"] == 0
    assert (await caller.control("GET", "calls"))["calls"] == []
    assert (await caller.get("user/info/", token=ana)).code == 40105
    assert (await caller.get("user/info/")).code == 0
    unknown = {"app_id": "1", "redirect_uri": "https://else.example/"}
    assert (await caller.client.post("/simulator/registered-redirects", json=unknown)).status_code == 404


async def test_the_log(caller: Caller, ana: str) -> None:
    await caller.get("user/info/", token=ana)
    caller.clock.forward(5)
    refused = await caller.get("bc/get/", token=None)
    log = await caller.control("GET", "calls")
    assert log["by_path"] == {"user/info/": 1, "bc/get/": 1}
    assert (log["total"], log["shares"], log["second_shares"], log["max_calls_in_one_second"]) == (2, 0, 0, 1)
    one = {"calls": 1, "max_calls_in_one_second": 1, "max_calls_in_any_second": 1}
    assert log["by_app"] == {seed.FULL_APP: one, "none": one}
    assert (await caller.control("GET", "calls?last=1"))["calls"] == log["calls"][1:]
    assert await caller.control("GET", "calls?last=0") == {**log, "calls": []}
    first, second = log["calls"]
    assert (first["path"], first["app_id"], first["person_id"]) == (
        "user/info/",
        seed.FULL_APP,
        seed.ANA_CLIENT,
    )
    assert second == {
        "path": "bc/get/",
        "method": "GET",
        "at": caller.clock.now,
        "app_id": None,
        "person_id": None,
        "code": 40104,
        "outcome": "answered",
        "request_id": refused.response.json()["request_id"],
    }


async def test_tokens_without_a_page(caller: Caller) -> None:
    token = await caller.token(seed.SOLO_SASHA)
    app = {"app_id": seed.FULL_APP, "secret": seed.FULL_APP_SECRET}
    listed = await caller.get("oauth2/advertiser/get/", token, **app)
    assert [row["advertiser_id"] for row in listed.rows] == [seed.SOLO_ACCOUNT]
    for wrong in ({"person": "1", "app_id": seed.FULL_APP}, {"person": seed.SOLO_SASHA, "app_id": "1"}):
        assert (await caller.client.post("/simulator/tokens", json=wrong)).status_code == 404
