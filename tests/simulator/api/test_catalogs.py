"""Catalogs: shared by hand alone, read and taken back by API."""

import pytest

from simulator import seed
from tests.simulator.caller import Caller

PAIR = {"bc_id": seed.MAISON_LUNE, "partner_id": seed.NORTH_AGENCY}
BY_HAND = {**PAIR, "asset_ids": [seed.CATALOG_LUNE]}
CATALOG = {**PAIR, "asset_type": "CATALOG"}
AGENCY = {"bc_id": seed.NORTH_AGENCY, "partner_id": seed.MAISON_LUNE, "asset_type": "CATALOG", "share_type": "SHARED"}


async def test_in_the_business_center(caller: Caller, ana: str) -> None:
    for path, more in (("bc/asset/get/", {}), ("bc/asset/admin/get/", {"relation_type": "OWNER_BC"})):
        answer = await caller.get(path, ana, bc_id=seed.MAISON_LUNE, asset_type="CATALOG")
        assert answer.rows == [
            {
                "asset_type": "CATALOG",
                "asset_id": seed.CATALOG_LUNE,
                "asset_name": "Maison Lune catalog",
                "catalog_role": "ADMIN",
                "owner_bc_name": "Maison Lune",
                **more,
            }
        ]


async def test_not_by_api(caller: Caller, ana: str) -> None:
    answer = await caller.post("bc/partner/add/", ana, **CATALOG, asset_ids=[seed.CATALOG_LUNE])
    assert answer.code == 40002
    assert (await caller.get("bc/partner/asset/get/", **AGENCY)).rows == []


async def test_by_hand_and_back_by_api(caller: Caller, ana: str) -> None:
    await caller.control("POST", "shares", BY_HAND)
    row = {
        "asset_id": seed.CATALOG_LUNE,
        "asset_type": "CATALOG",
        "asset_name": "Maison Lune catalog",
        "catalog_role": "AD_PROMOTE",
    }
    assert (await caller.get("bc/partner/asset/get/", **AGENCY)).rows == [row]
    assert (await caller.get("bc/partner/asset/get/", ana, **CATALOG, share_type="SHARING")).rows == [row]
    look = {"bc_id": seed.MAISON_LUNE, "asset_type": "CATALOG", "asset_id": seed.CATALOG_LUNE}
    assert len((await caller.get("bc/asset/partner/get/", ana, **look)).rows) == 1
    taken = await caller.post("bc/partner/asset/delete/", ana, **CATALOG, asset_ids=[seed.CATALOG_LUNE])
    assert taken.code == 0
    assert (await caller.get("bc/partner/asset/get/", **AGENCY)).rows == []


@pytest.mark.parametrize("role", ["ADMIN", "AD_PROMOTE"])
async def test_roles_go_up_and_down_by_hand(caller: Caller, role: str) -> None:
    other = "ADMIN" if role == "AD_PROMOTE" else "AD_PROMOTE"
    await caller.control("POST", "shares", {**BY_HAND, "catalog_role": other})
    await caller.control("PATCH", "shares", {**BY_HAND, "role": role})
    rows = (await caller.get("bc/partner/asset/get/", **AGENCY)).rows
    assert [row["catalog_role"] for row in rows] == [role]
    wrong = await caller.client.patch("/simulator/shares", json={**BY_HAND, "role": "OPERATOR"})
    assert wrong.status_code == 409
