"""Worlds that tests build for themselves."""

import itertools
import sys
import time
from collections import Counter

import pytest

from simulator import seed
from simulator.control.building import add_crowd
from simulator.control.schemas import Crowd
from simulator.simulator import Simulator
from simulator.switches import Switches
from tests.simulator.caller import Caller


async def person(caller: Caller, name: str = "Pia Person") -> str:
    made = await caller.control("POST", "persons", {"name": name, "email": "pia@else.example"})
    return str(made["person_id"])


@pytest.mark.parametrize("status", ["REVIEWING", "DENY", "ENABLE", "PUNISH"])
@pytest.mark.parametrize("verification", ["NOT_SUBMITTED", "REVIEWING", "VERIFIED", "FAILED", "EXPIRED"])
async def test_a_business_center_of_any_status(caller: Caller, status: str, verification: str) -> None:
    pia = await person(caller)
    body = {"name": "Pia's", "members": {pia: "ADMIN"}, "status": status, "verification_status": verification}
    made = await caller.control("POST", "business-centers", body)
    pias = await caller.token(pia)
    (row,) = (await caller.get("bc/get/", pias)).rows
    assert (
        row["bc_info"] | {"bc_id": made["bc_id"], "status": status, "verification_status": verification}
        == row["bc_info"]
    )
    add = {"bc_id": made["bc_id"], "partner_id": seed.NORTH_AGENCY}
    assert (await caller.post("bc/partner/add/", pias, **add)).code == (0 if status == "ENABLE" else 40001)


async def test_changing_a_business_center(caller: Caller, ana: str) -> None:
    changed = await caller.control("PATCH", f"business-centers/{seed.MAISON_LUNE}", {"status": "DENY"})
    assert changed == {"bc_id": seed.MAISON_LUNE, "status": "DENY"}
    (row,) = (await caller.get("bc/get/", ana)).rows
    assert (row["bc_info"]["status"], row["bc_info"]["verification_status"]) == ("DENY", "VERIFIED")


async def test_ad_accounts_of_every_kind(caller: Caller, ana: str) -> None:
    fields = {"status": "STATUS_CONFIRM_FAIL", "rejection_reason": "No licence", "currency": "JPY"}
    body = {"asset_type": "ADVERTISER", "name": "New", "owner_bc_id": seed.MAISON_LUNE, **fields}
    made = (await caller.control("POST", "assets", body))["asset_id"]
    asked = ["status", "rejection_reason", "currency"]
    (row,) = (await caller.get("advertiser/info/", ana, advertiser_ids=[made], fields=asked)).rows
    assert row == {"advertiser_id": made, **fields}


async def test_a_request_to_a_person(caller: Caller) -> None:
    theo = await caller.token(seed.TWO_BRANDS_THEO)
    look = {"bc_id": seed.BRAND_FR, "asset_type": "ADVERTISER", "filtering": {"relation_type": "OWNER_INDIVIDUAL"}}
    for status in ("PENDING", "BOUND", "REJECTED", "UNBOUND"):
        path = f"assets/{seed.SOLO_ACCOUNT}/requests/{seed.BRAND_FR}"
        await caller.control("PUT", path, {"relation_status": status})
        rows = (await caller.get("bc/asset/admin/get/", theo, **look)).rows
        assert [(row["asset_id"], row["relation_status"]) for row in rows] == [(seed.SOLO_ACCOUNT, status)]
    await caller.control("PUT", path, {"relation_status": None})
    assert (await caller.get("bc/asset/admin/get/", theo, **look)).rows == []
    wrong = f"/simulator/assets/{seed.LUNE_EU}/requests/{seed.BRAND_FR}"
    assert (await caller.client.put(wrong, json={"relation_status": "PENDING"})).status_code == 409


async def test_what_another_business_center_owns(caller: Caller, ana: str) -> None:
    share = {"bc_id": seed.SOUTH_AGENCY, "partner_id": seed.MAISON_LUNE, "asset_ids": [seed.SOUTH_ACCOUNT]}
    await caller.control("POST", "shares", share)
    look = {"bc_id": seed.MAISON_LUNE, "asset_type": "ADVERTISER", "filtering": {"relation_type": "OWNER_PARTNER"}}
    (row,) = (await caller.get("bc/asset/admin/get/", ana, **look)).rows
    assert (row["asset_id"], row["owner_bc_name"]) == (seed.SOUTH_ACCOUNT, "South Agency")
    add = {"bc_id": seed.MAISON_LUNE, "partner_id": seed.NORTH_AGENCY, "asset_type": "ADVERTISER"}
    assert (await caller.post("bc/partner/add/", ana, **add, asset_ids=[seed.SOUTH_ACCOUNT])).code == 40001


@pytest.mark.parametrize(
    "body",
    [
        {"asset_type": "ADVERTISER", "name": "n"},
        {"asset_type": "ADVERTISER", "name": "n", "owner_advertiser_id": seed.LUNE_EU},
        {"asset_type": "CATALOGUE", "name": "n", "owner_bc_id": seed.MAISON_LUNE},
        {"asset_type": "CATALOG", "name": "n", "owner_bc_id": seed.MAISON_LUNE, "owner_person_id": seed.ANA_CLIENT},
    ],
)
async def test_wrong_assets(caller: Caller, body: dict[str, object]) -> None:
    assert (await caller.client.post("/simulator/assets", json=body)).status_code == 422


async def test_a_crowd(caller: Caller) -> None:
    body = {"bc_id": seed.NORTH_AGENCY, "partners": 60, "accounts_each": 2, "role": "ANALYST"}
    made = (await caller.control("POST", "crowds", body))["partners"]
    ids = Counter(asset_id for partner in made for asset_id in partner["asset_ids"])
    assert (len(made), len(ids), set(ids.values())) == (60, 120, {1})
    second = await caller.get("bc/partner/get/", bc_id=seed.NORTH_AGENCY, page_size=50, page=2)
    assert [row["bc_id"] for row in second.rows] == [partner["bc_id"] for partner in made[50:]]
    look = {"bc_id": seed.NORTH_AGENCY, "partner_id": made[7]["bc_id"], "share_type": "SHARED"}
    rows = (await caller.get("bc/partner/asset/get/", **look, asset_type="ADVERTISER")).rows
    assert [(row["asset_id"], row["advertiser_role"]) for row in rows] == [
        (asset_id, "ANALYST") for asset_id in made[7]["asset_ids"]
    ]
    theirs = await caller.token(made[7]["admin"])
    (center,) = (await caller.get("bc/get/", theirs)).rows
    assert center["bc_info"]["bc_id"] == made[7]["bc_id"]
    assert (await caller.get("pixel/list/", advertiser_id=made[7]["asset_ids"][0])).code == 0


@pytest.mark.parametrize(("partners", "each"), [(20, 25), (1, 500)])
def test_the_work_of_making_a_crowd_grows_with_its_size_alone(partners: int, each: int) -> None:
    """Counted in calls, not in time: a busy machine makes no difference."""

    def calls(times: int) -> int:
        simulator = Simulator(None, Switches(), [], 0, time.time)
        crowd = Crowd(bc_id=seed.NORTH_AGENCY, partners=partners, accounts_each=each * times)
        counted = itertools.count()
        sys.setprofile(lambda *_: next(counted) and None)
        try:
            add_crowd(simulator, crowd)
        finally:
            sys.setprofile(None)
        assert len(simulator.world.holdings(seed.NORTH_AGENCY)) == 500 * times + 1
        return next(counted)

    assert calls(10) < 15 * calls(1)
