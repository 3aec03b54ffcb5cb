"""Assets in the hands of members."""

import pytest

from simulator import seed
from tests.simulator.caller import Caller

NORTH = {"bc_id": seed.NORTH_AGENCY}
LUNE = {"bc_id": seed.MAISON_LUNE, "asset_type": "ADVERTISER"}
ASSIGN = {
    **NORTH,
    "user_id": seed.BUYER_BO,
    "asset_type": "ADVERTISER",
    "asset_id": seed.LUNE_EU,
    "advertiser_role": "OPERATOR",
}
UNASSIGN = {name: value for name, value in ASSIGN.items() if name != "advertiser_role"}
HOLDERS = {**NORTH, "asset_type": "ADVERTISER", "asset_id": seed.LUNE_EU}


@pytest.fixture
async def shared(caller: Caller, ana: str) -> str:
    """Maison Lune shared its EU account with the agency: Ana's token."""
    share = {**LUNE, "partner_id": seed.NORTH_AGENCY, "asset_ids": [seed.LUNE_EU], "advertiser_role": "OPERATOR"}
    assert (await caller.post("bc/partner/add/", ana, **share)).code == 0
    return ana


async def holders(caller: Caller) -> list[tuple[str, str]]:
    answer = await caller.get("bc/asset/member/get/", **HOLDERS)
    assert answer.code == 0, answer.message
    return [(row["user_id"], row["advertiser_role"]) for row in answer.rows]


async def usable(caller: Caller, person: str, bc_id: str = seed.NORTH_AGENCY) -> list[tuple[str, str]]:
    token = await caller.token(person)
    answer = await caller.get("bc/asset/get/", token, bc_id=bc_id, asset_type="ADVERTISER")
    return [(row["asset_id"], row["advertiser_role"]) for row in answer.rows]


@pytest.mark.usefixtures("shared")
async def test_an_agency_gives_what_a_partner_shared_to_its_own_people(caller: Caller) -> None:
    assert await usable(caller, seed.BUYER_BO) == []
    assert (await caller.post("bc/asset/assign/", **ASSIGN)).code == 0
    assert await holders(caller) == [(seed.NORA_NORTH, "OPERATOR"), (seed.BUYER_BO, "OPERATOR")]
    assert await usable(caller, seed.BUYER_BO) == [(seed.LUNE_EU, "OPERATOR")]
    assert await usable(caller, seed.BUYER_KIM) == []
    bo = await caller.token(seed.BUYER_BO)
    assert (await caller.get("pixel/list/", bo, advertiser_id=seed.LUNE_EU)).code == 0
    assert (await caller.post("bc/asset/assign/", **{**ASSIGN, "advertiser_role": "ANALYST"})).code == 0
    assert await usable(caller, seed.BUYER_BO) == [(seed.LUNE_EU, "ANALYST")]
    assert (await caller.post("bc/asset/unassign/", **UNASSIGN)).code == 0
    assert (await caller.post("bc/asset/unassign/", **UNASSIGN)).code == 40007
    assert await holders(caller) == [(seed.NORA_NORTH, "OPERATOR")]


async def test_what_is_taken_back_is_gone_for_the_people_too(caller: Caller, shared: str) -> None:
    await caller.post("bc/asset/assign/", **ASSIGN)
    share = {**LUNE, "partner_id": seed.NORTH_AGENCY, "asset_ids": [seed.LUNE_EU]}
    await caller.post("bc/partner/asset/delete/", shared, **share)
    assert await usable(caller, seed.BUYER_BO) == []
    await caller.post("bc/partner/add/", shared, **share)
    assert await usable(caller, seed.BUYER_BO) == []


async def test_each_business_center_decides_for_its_own(caller: Caller, shared: str) -> None:
    """The same person in two Business Centers holds an account in one and not in the other."""
    path = f"business-centers/{seed.MAISON_LUNE}/members/{seed.BUYER_BO}"
    await caller.control("PUT", path, {"role": "STANDARD"})
    body = {**ASSIGN, "bc_id": seed.MAISON_LUNE, "advertiser_role": "ANALYST"}
    assert (await caller.post("bc/asset/assign/", shared, **body)).code == 0
    assert await usable(caller, seed.BUYER_BO) == []
    assert await usable(caller, seed.BUYER_BO, seed.MAISON_LUNE) == [(seed.LUNE_EU, "ANALYST")]


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"asset_type": "PIXEL", "asset_id": seed.PIXEL_LUNE}, 40002),
        ({"advertiser_role": None}, 40002),
        ({"advertiser_role": "AD_PROMOTE"}, 40002),
        ({"advertiser_role": "ADMIN"}, 40001),
        ({"user_id": seed.ANA_CLIENT}, 40002),
        ({"asset_id": seed.LUNE_UK}, 40001),
        ({"asset_type": "CATALOG", "catalog_role": "ADMIN"}, 40001),
        ({"bc_id": seed.MAISON_LUNE}, 40001),
    ],
)
async def test_refusals_of_assigning(caller: Caller, change: dict[str, object], code: int) -> None:
    sent = {name: value for name, value in ({**ASSIGN, **change}).items() if value is not None}
    assert (await caller.post("bc/asset/assign/", seed.NORTH_TOKEN, **sent)).code == code
    assert await usable(caller, seed.BUYER_BO) == []


async def test_catalogs_have_roles_of_their_own(caller: Caller, ana: str) -> None:
    catalog = {"bc_id": seed.MAISON_LUNE, "asset_type": "CATALOG", "asset_id": seed.CATALOG_LUNE}
    body = {**catalog, "user_id": seed.SAM_STANDARD, "catalog_role": "AD_PROMOTE"}
    assert (await caller.post("bc/asset/assign/", ana, **body)).code == 0
    answer = await caller.get("bc/asset/member/get/", ana, **catalog)
    assert [(row["user_email"], row["catalog_role"]) for row in answer.rows] == [
        ("ana@maisonlune.example", "ADMIN"),
        ("sam@maisonlune.example", "AD_PROMOTE"),
    ]
    one = await caller.get("bc/asset/member/get/", ana, **catalog, filtering={"keyword": "SAM"})
    assert len(one.rows) == 1


@pytest.mark.parametrize("change", [{"page_size": 21}, {"asset_type": "PIXEL"}, {"asset_id": "EU"}])
async def test_refusals_of_holders(caller: Caller, change: dict[str, object]) -> None:
    query = {**HOLDERS, "asset_id": seed.NORTH_ACCOUNT} | change
    assert (await caller.get("bc/asset/member/get/", seed.NORTH_TOKEN, **query)).code == 40002
