"""Business Centers and what they hold."""

import pytest

from simulator import seed
from tests.simulator.caller import Caller

ADVERTISERS = {"asset_type": "ADVERTISER"}


async def test_mine(caller: Caller) -> None:
    answer = await caller.get("bc/get/", await caller.token(seed.TWO_BRANDS_THEO))
    assert [row["bc_info"]["bc_id"] for row in answer.rows] == [seed.BRAND_FR, seed.BRAND_DE]
    assert {row["user_role"] for row in answer.rows} == {"ADMIN"}
    assert answer.data["page_info"] == {"page": 1, "page_size": 10, "total_number": 2, "total_page": 1}
    assert set(answer.rows[0]) == {"bc_info", "user_role", "ext_user_role"}
    assert set(answer.rows[0]["bc_info"]) == {
        "bc_id", "name", "company", "currency", "registered_area", "status", "timezone", "type",
        "verification_status",
    }  # fmt: skip


async def test_one_page_at_a_time(caller: Caller) -> None:
    theo = await caller.token(seed.TWO_BRANDS_THEO)
    pages = [await caller.get("bc/get/", theo, page_size=1, page=page) for page in (1, 2, 3)]
    assert [[row["bc_info"]["name"] for row in page.rows] for page in pages] == [
        ["Brand FR"],
        ["Brand DE"],
        [],
    ]
    assert pages[1].data["page_info"] == {"page": 2, "page_size": 1, "total_number": 2, "total_page": 2}


async def test_one_by_id(caller: Caller) -> None:
    theo = await caller.token(seed.TWO_BRANDS_THEO)
    mine = await caller.get("bc/get/", theo, bc_id=seed.BRAND_DE)
    assert [row["bc_info"]["name"] for row in mine.rows] == ["Brand DE"]
    assert (await caller.get("bc/get/", theo, bc_id=seed.MAISON_LUNE)).rows == []


async def test_nobodys(caller: Caller) -> None:
    answer = await caller.get("bc/get/", await caller.token(seed.SOLO_SASHA))
    assert answer.data == {
        "list": [],
        "page_info": {"page": 1, "page_size": 10, "total_number": 0, "total_page": 0},
    }


async def test_a_standard_member(caller: Caller) -> None:
    sam = await caller.token(seed.SAM_STANDARD)
    centers = await caller.get("bc/get/", sam)
    assert [(row["user_role"], row["ext_user_role"]) for row in centers.rows] == [("STANDARD", {})]
    usable = await caller.get("bc/asset/get/", sam, bc_id=seed.MAISON_LUNE, **ADVERTISERS)
    assert [(row["asset_id"], row["advertiser_role"]) for row in usable.rows] == [(seed.LUNE_EU, "OPERATOR")]
    assert (await caller.get("bc/asset/admin/get/", sam, bc_id=seed.MAISON_LUNE, **ADVERTISERS)).code == 40001


async def test_statuses(caller: Caller) -> None:
    answer = await caller.get("bc/get/", await caller.token(seed.TROUBLED_TESS))
    assert [row["bc_info"]["status"] for row in answer.rows] == ["REVIEWING", "PUNISH"]


@pytest.mark.parametrize("path", ["bc/asset/get/", "bc/asset/admin/get/"])
async def test_more_than_fifty(caller: Caller, path: str) -> None:
    bea = await caller.token(seed.BIG_BEA)
    query = {"bc_id": seed.BIG_RETAIL, "page_size": 50, **ADVERTISERS, "filtering": {"keyword": "Big"}}
    pages = [await caller.get(path, bea, **query, page=page) for page in (1, 2, 3)]
    assert [len(page.rows) for page in pages] == [50, 50, 20]
    assert tuple(row["asset_id"] for page in pages for row in page.rows) == seed.BIG_ACCOUNTS
    assert pages[2].data["page_info"] == {"page": 3, "page_size": 50, "total_number": 120, "total_page": 3}


async def test_fields(caller: Caller, ana: str) -> None:
    usable = await caller.get("bc/asset/get/", ana, bc_id=seed.MAISON_LUNE, **ADVERTISERS)
    assert usable.rows[0] == {
        "asset_type": "ADVERTISER",
        "asset_id": seed.LUNE_EU,
        "asset_name": "Maison Lune EU",
        "advertiser_account_type": "AUCTION",
        "advertiser_role": "ADMIN",
        "owner_bc_name": "Maison Lune",
    }
    held = await caller.get("bc/asset/admin/get/", ana, bc_id=seed.MAISON_LUNE, **ADVERTISERS)
    assert held.rows[0] == usable.rows[0] | {
        "relation_type": "OWNER_BC",
        "relation_status": "BOUND",
        "advertiser_status": "SHOW_ACCOUNT_STATUS_APPROVED",
    }


async def test_what_is_not_ticked_is_still_the_business_centers(caller: Caller) -> None:
    token = await caller.token(seed.ANA_CLIENT, advertiser_ids=[])
    held = await caller.get("bc/asset/admin/get/", token, bc_id=seed.MAISON_LUNE, **ADVERTISERS)
    assert [row["asset_id"] for row in held.rows] == [seed.LUNE_EU, seed.LUNE_UK, seed.LUNE_US]


@pytest.mark.parametrize(
    ("filtering", "expected"),
    [
        ({"relation_type": "OWNER_PARTNER"}, [seed.SOUTH_ACCOUNT]),
        ({"relation_type": "OWNER_INDIVIDUAL"}, [seed.SOLO_ACCOUNT]),
        (
            {"relation_type": "OWNER_BC", "advertiser_show_status": "SHOW_ACCOUNT_STATUS_APPROVED"},
            [seed.MIXED_ACCOUNT],
        ),
        (
            {"advertiser_show_status": "SHOW_ACCOUNT_STATUS_PUNISHED"},
            [seed.DISABLED_ACCOUNT, seed.LIMITED_ACCOUNT],
        ),
        ({"advertiser_show_status": "SHOW_ACCOUNT_STATUS_IN_REVIEW"}, [seed.IN_REVIEW_ACCOUNT]),
        ({"relation_status": "PENDING"}, []),
        ({"keyword": "south"}, [seed.SOUTH_ACCOUNT]),
        ({"keyword": seed.LIMITED_ACCOUNT}, [seed.LIMITED_ACCOUNT]),
    ],
)
async def test_filters(caller: Caller, filtering: dict[str, str], expected: list[str]) -> None:
    milo = await caller.token(seed.MIXED_MILO)
    query = {"bc_id": seed.COMPTOIR_MIXTE, **ADVERTISERS, "filtering": filtering}
    answer = await caller.get("bc/asset/admin/get/", milo, **query)
    assert [row["asset_id"] for row in answer.rows] == expected


async def test_a_request_that_waits(caller: Caller) -> None:
    bea = await caller.token(seed.BIG_BEA)
    query = {"bc_id": seed.BIG_RETAIL, **ADVERTISERS, "filtering": {"relation_status": "PENDING"}}
    held = await caller.get("bc/asset/admin/get/", bea, **query)
    assert [(row["asset_id"], row["relation_type"], row["owner_bc_name"]) for row in held.rows] == [
        (seed.SOLO_ACCOUNT, "OWNER_INDIVIDUAL", None)
    ]
    query = {"bc_id": seed.BIG_RETAIL, **ADVERTISERS, "filtering": {"keyword": "Sasha"}}
    assert (await caller.get("bc/asset/get/", bea, **query)).rows == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"asset_type": "DOMAIN"}, 40002),
        ({"asset_type": None}, 40002),
        ({"asset_type": "LEAD"}, 0),
        ({"asset_type": "MANAGED_BUSINESS_ACCOUNT"}, 0),
        ({"page_size": 51}, 40002),
        ({"filtering": {"relation_type": "OWNER"}}, 40002),
        ({"filtering": {"relation_status": "REJECT"}}, 40002),
        ({"bc_id": seed.NORTH_AGENCY}, 40001),
        ({"bc_id": "7111222233334449999"}, 40001),
    ],
)
async def test_refusals_of_all_assets(caller: Caller, ana: str, change: dict[str, object], code: int) -> None:
    query = {"bc_id": seed.MAISON_LUNE, **ADVERTISERS} | change
    sent = {name: value for name, value in query.items() if value is not None}
    answer = await caller.get("bc/asset/admin/get/", ana, **sent)
    assert answer.code == code
    assert code or answer.rows == []


async def test_another_member(caller: Caller, ana: str) -> None:
    """An admin may ask for a member by id or by address, a member not for an admin."""
    sam = await caller.token(seed.SAM_STANDARD)
    query = {"bc_id": seed.MAISON_LUNE, **ADVERTISERS}
    for filtering in ({"user_id": seed.SAM_STANDARD}, {"user_email": "sam@maisonlune.example"}):
        answer = await caller.get("bc/asset/get/", ana, **query, filtering=filtering)
        assert [row["asset_id"] for row in answer.rows] == [seed.LUNE_EU]
    asked = {"user_id": seed.ANA_CLIENT}
    assert (await caller.get("bc/asset/get/", sam, **query, filtering=asked)).code == 40001
    both = {"user_id": seed.SAM_STANDARD, "user_email": "sam@maisonlune.example"}
    assert (await caller.get("bc/asset/get/", ana, **query, filtering=both)).code == 40002
    unknown = {"user_email": "nobody@maisonlune.example"}
    assert (await caller.get("bc/asset/get/", ana, **query, filtering=unknown)).code == 40002
    assert (await caller.get("bc/asset/get/", ana, bc_id=seed.BRAND_FR, **ADVERTISERS)).code == 40001


async def test_partners_of_an_asset(caller: Caller, ana: str) -> None:
    query = {"bc_id": seed.MAISON_LUNE, "asset_id": seed.LUNE_EU, **ADVERTISERS}
    assert (await caller.get("bc/asset/partner/get/", ana, **query)).rows == []
    for partner_id in (seed.NORTH_AGENCY, seed.SOUTH_AGENCY):
        share = {"bc_id": seed.MAISON_LUNE, "partner_id": partner_id, **ADVERTISERS}
        await caller.post("bc/partner/add/", ana, **share, asset_ids=[seed.LUNE_EU])
    answer = await caller.get("bc/asset/partner/get/", ana, **query)
    assert answer.rows == [
        {"bc_id": seed.NORTH_AGENCY, "bc_name": "North Agency"},
        {"bc_id": seed.SOUTH_AGENCY, "bc_name": "South Agency"},
    ]
    south = await caller.get("bc/asset/partner/get/", ana, **query, filtering={"keyword": "south"})
    assert [row["bc_name"] for row in south.rows] == ["South Agency"]
    other = await caller.get("bc/asset/partner/get/", ana, **{**query, "asset_id": seed.LUNE_UK})
    assert other.rows == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"asset_id": seed.SOLO_ACCOUNT}, 40002),
        ({"asset_type": "PIXEL"}, 40002),
        ({"asset_id": "EU"}, 40002),
        ({"bc_id": seed.BRAND_DE}, 40001),
    ],
)
async def test_refusals_of_partners_of_an_asset(caller: Caller, ana: str, change: dict[str, object], code: int) -> None:
    query = {"bc_id": seed.MAISON_LUNE, "asset_id": seed.LUNE_EU, **ADVERTISERS} | change
    assert (await caller.get("bc/asset/partner/get/", ana, **query)).code == code
