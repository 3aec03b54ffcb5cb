"""Partners and what is shared with them."""

import pytest

from simulator import seed
from tests.simulator.caller import Caller

PAIR: dict[str, object] = {"bc_id": seed.MAISON_LUNE, "partner_id": seed.NORTH_AGENCY}
SHARE: dict[str, object] = {
    **PAIR,
    "asset_type": "ADVERTISER",
    "asset_ids": [seed.LUNE_EU],
    "advertiser_role": "OPERATOR",
}


async def seen_by_agency(caller: Caller, client: str = seed.MAISON_LUNE) -> dict[str, str]:
    query = {"partner_id": client, "asset_type": "ADVERTISER", "share_type": "SHARED"}
    answer = await caller.get("bc/partner/asset/get/", bc_id=seed.NORTH_AGENCY, page_size=50, **query)
    return {row["asset_id"]: row["advertiser_role"] for row in answer.rows}


async def seen_by_client(caller: Caller, token: str) -> dict[str, str]:
    answer = await caller.get("bc/partner/asset/get/", token, **PAIR, asset_type="ADVERTISER", share_type="SHARING")
    return {row["asset_id"]: row["advertiser_role"] for row in answer.rows}


async def partners(caller: Caller, bc_id: str, token: str = seed.NORTH_TOKEN) -> list[str]:
    return [row["bc_id"] for row in (await caller.get("bc/partner/get/", token, bc_id=bc_id)).rows]


async def test_sharing(caller: Caller, ana: str) -> None:
    answer = await caller.post("bc/partner/add/", ana, **SHARE)
    assert (answer.code, answer.data) == (0, {})
    assert await seen_by_agency(caller) == await seen_by_client(caller, ana) == {seed.LUNE_EU: "OPERATOR"}
    assert await partners(caller, seed.NORTH_AGENCY) == [seed.MAISON_LUNE]
    assert await partners(caller, seed.MAISON_LUNE, ana) == [seed.NORTH_AGENCY]
    held = await caller.get("bc/asset/admin/get/", bc_id=seed.NORTH_AGENCY, asset_type="ADVERTISER")
    assert [(row["asset_id"], row["relation_type"], row["advertiser_role"]) for row in held.rows] == [
        (seed.NORTH_ACCOUNT, "OWNER_BC", "ADMIN"),
        (seed.LUNE_EU, "OWNER_PARTNER", "OPERATOR"),
    ]


async def test_exact_rows(caller: Caller, ana: str) -> None:
    await caller.post("bc/partner/add/", ana, **SHARE)
    query = {**PAIR, "asset_type": "ADVERTISER", "share_type": "SHARING"}
    answer = await caller.get("bc/partner/asset/get/", ana, **query)
    assert answer.rows == [
        {
            "asset_id": seed.LUNE_EU,
            "asset_type": "ADVERTISER",
            "asset_name": "Maison Lune EU",
            "advertiser_role": "OPERATOR",
            "advertiser_account_type": "AUCTION",
        }
    ]
    listed = await caller.get("bc/partner/get/", ana, bc_id=seed.MAISON_LUNE)
    assert listed.rows == [{"bc_id": seed.NORTH_AGENCY, "bc_name": "North Agency"}]
    assert listed.data["page_info"] == {"page": 1, "page_size": 10, "total_number": 1, "total_page": 1}


async def test_the_role_is_analyst_when_not_sent(caller: Caller, ana: str) -> None:
    await caller.post("bc/partner/add/", ana, **PAIR, asset_type="ADVERTISER", asset_ids=[seed.LUNE_UK])
    assert await seen_by_agency(caller) == {seed.LUNE_UK: "ANALYST"}


async def test_the_relation_alone(caller: Caller, ana: str) -> None:
    assert (await caller.post("bc/partner/add/", ana, **PAIR)).code == 0
    assert await partners(caller, seed.NORTH_AGENCY) == [seed.MAISON_LUNE]
    assert await seen_by_agency(caller) == {}


async def test_again_higher_and_lower(caller: Caller, ana: str) -> None:
    roles = []
    for role in ("OPERATOR", "OPERATOR", "ADMIN", "ANALYST"):
        assert (await caller.post("bc/partner/add/", ana, **{**SHARE, "advertiser_role": role})).code == 0
        roles.append((await seen_by_agency(caller))[seed.LUNE_EU])
    assert roles == ["OPERATOR", "OPERATOR", "ADMIN", "ADMIN"]
    calls = await caller.control("GET", "calls")
    assert (calls["shares"], calls["second_shares"]) == (1, 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"bc_id": None}, 40002),
        ({"partner_id": None}, 40002),
        ({"bc_id": int(seed.MAISON_LUNE)}, 40002),
        ({"partner_id": int(seed.NORTH_AGENCY)}, 40002),
        ({"partner_id": seed.MAISON_LUNE}, 40002),
        ({"partner_id": "7000999988887779999"}, 40002),
        ({"asset_ids": [int(seed.LUNE_EU)]}, 40002),
        ({"asset_ids": seed.LUNE_EU}, 40002),
        ({"asset_ids": f'["{seed.LUNE_EU}"]'}, 40002),
        ({"asset_ids": []}, 40002),
        ({"asset_ids": None}, 40002),
        ({"asset_ids": ["7200000000000099999"]}, 40002),
        ({"asset_ids": list(seed.BIG_ACCOUNTS[:51])}, 40011),
        ({"asset_type": None}, 40002),
        ({"asset_type": "PIXEL"}, 40002),
        ({"asset_type": "CATALOG"}, 40002),
        ({"advertiser_role": "OWNER"}, 40002),
        ({"advertiser_role": "operator"}, 40002),
        ({"advertiser_role": 1}, 40002),
        ({"catalog_role": "EDITOR"}, 40002),
        ({"bc_id": seed.NORTH_AGENCY, "partner_id": seed.MAISON_LUNE}, 40001),
        ({"bc_id": "7000999988887779999"}, 40001),
        ({"asset_ids": [seed.SOLO_ACCOUNT]}, 40001),
        ({"asset_ids": [seed.LUNE_EU, seed.SOUTH_ACCOUNT]}, 40001),
    ],
)
async def test_refusals_change_nothing(caller: Caller, ana: str, change: dict[str, object], code: int) -> None:
    body = {name: value for name, value in {**SHARE, **change}.items() if value is not None}
    assert (await caller.post("bc/partner/add/", ana, **body)).code == code
    assert await seen_by_client(caller, ana) == {}
    assert await partners(caller, seed.MAISON_LUNE, ana) == []


async def test_only_admins(caller: Caller) -> None:
    sam = await caller.token(seed.SAM_STANDARD)
    assert (await caller.post("bc/partner/add/", sam, **SHARE)).code == 40001
    assert (await caller.get("bc/partner/get/", sam, bc_id=seed.MAISON_LUNE)).code == 40001
    query = {**PAIR, "asset_type": "ADVERTISER", "share_type": "SHARING"}
    assert (await caller.get("bc/partner/asset/get/", sam, **query)).code == 40001
    body = {**PAIR, "asset_type": "ADVERTISER", "asset_ids": [seed.LUNE_EU]}
    assert (await caller.post("bc/partner/asset/delete/", sam, **body)).code == 40001
    assert (await caller.post("bc/partner/delete/", sam, **PAIR)).code == 40001


@pytest.mark.parametrize(
    ("bc_id", "account"),
    [(seed.REVIEWED_BC, seed.REVIEWED_BC_ACCOUNT), (seed.PUNISHED_BC, seed.PUNISHED_BC_ACCOUNT)],
)
async def test_business_centers_that_are_not_enabled(caller: Caller, bc_id: str, account: str) -> None:
    tess = await caller.token(seed.TROUBLED_TESS)
    body = {**SHARE, "bc_id": bc_id, "asset_ids": [account]}
    assert (await caller.post("bc/partner/add/", tess, **body)).code == 40001


async def test_what_a_partner_shares_cannot_be_passed_on(caller: Caller) -> None:
    milo = await caller.token(seed.MIXED_MILO)
    body = {**SHARE, "bc_id": seed.COMPTOIR_MIXTE, "asset_ids": [seed.SOUTH_ACCOUNT]}
    answer = await caller.post("bc/partner/add/", milo, **body)
    assert (answer.code, answer.message) == (
        40001,
        f"You don't have permission to the asset({seed.SOUTH_ACCOUNT})",
    )
    query = {"bc_id": seed.COMPTOIR_MIXTE, "partner_id": seed.SOUTH_AGENCY, "asset_type": "ADVERTISER"}
    shared = await caller.get("bc/partner/asset/get/", milo, **query, share_type="SHARED")
    assert [row["asset_id"] for row in shared.rows] == [seed.SOUTH_ACCOUNT]


async def test_more_than_fifty(caller: Caller) -> None:
    bea = await caller.token(seed.BIG_BEA)
    body = {**SHARE, "bc_id": seed.BIG_RETAIL}
    for first in (0, 50, 100):
        batch = {**body, "asset_ids": list(seed.BIG_ACCOUNTS[first : first + 50])}
        assert (await caller.post("bc/partner/add/", bea, **batch)).code == 0
    query = {"bc_id": seed.NORTH_AGENCY, "partner_id": seed.BIG_RETAIL, "asset_type": "ADVERTISER"}
    pages = [
        await caller.get("bc/partner/asset/get/", **query, share_type="SHARED", page=page, page_size=50)
        for page in (1, 2, 3)
    ]
    assert tuple(row["asset_id"] for page in pages for row in page.rows) == seed.BIG_ACCOUNTS
    assert pages[0].data["page_info"] == {"page": 1, "page_size": 50, "total_number": 120, "total_page": 3}
    found = await caller.get("bc/partner/asset/get/", **query, share_type="SHARED", filtering={"keyword": "007"})
    assert [row["asset_name"] for row in found.rows] == ["Big Retail 007"]


@pytest.mark.parametrize(
    "change",
    [
        {"asset_type": "PIXEL"},
        {"asset_type": "TT_ACCOUNT"},
        {"share_type": "BOTH"},
        {"share_type": ""},
        {"page_size": 51},
        {"partner_id": "north"},
        {"filtering": "x"},
    ],
)
async def test_wrong_reads(caller: Caller, ana: str, change: dict[str, object]) -> None:
    query = {**PAIR, "asset_type": "ADVERTISER", "share_type": "SHARING", **change}
    assert (await caller.get("bc/partner/asset/get/", ana, **query)).code == 40002


async def test_partners_by_name(caller: Caller, ana: str) -> None:
    for partner_id in (seed.NORTH_AGENCY, seed.SOUTH_AGENCY):
        await caller.post("bc/partner/add/", ana, bc_id=seed.MAISON_LUNE, partner_id=partner_id)
    answer = await caller.get("bc/partner/get/", ana, bc_id=seed.MAISON_LUNE, filtering={"name": "south"})
    assert [row["bc_name"] for row in answer.rows] == ["South Agency"]
    second = await caller.get("bc/partner/get/", ana, bc_id=seed.MAISON_LUNE, page_size=1, page=2)
    assert [row["bc_name"] for row in second.rows] == ["South Agency"]


async def test_taking_back(caller: Caller, ana: str) -> None:
    await caller.post("bc/partner/add/", ana, **{**SHARE, "asset_ids": [seed.LUNE_EU, seed.LUNE_UK]})
    body = {**PAIR, "asset_type": "ADVERTISER", "asset_ids": [seed.LUNE_EU]}
    assert (await caller.post("bc/partner/asset/delete/", ana, **body)).code == 0
    assert await seen_by_agency(caller) == {seed.LUNE_UK: "OPERATOR"}
    assert (await caller.post("bc/partner/asset/delete/", ana, **body)).code == 40007
    some = {**body, "asset_ids": [seed.LUNE_EU, seed.LUNE_UK]}
    assert (await caller.post("bc/partner/asset/delete/", ana, **some)).code == 0
    assert await seen_by_agency(caller) == {}
    assert await partners(caller, seed.NORTH_AGENCY) == [seed.MAISON_LUNE]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"asset_type": "STOREFRANT"}, 40002),
        ({"asset_ids": []}, 40002),
        ({"asset_ids": list(seed.BIG_ACCOUNTS[:51])}, 40011),
        ({"asset_type": "LEAD", "asset_ids": [seed.LUNE_EU, seed.LUNE_UK]}, 40011),
        ({"asset_type": "PIXEL"}, 40007),
        ({"bc_id": seed.NORTH_AGENCY, "partner_id": seed.MAISON_LUNE}, 40001),
    ],
)
async def test_wrong_takings_back(caller: Caller, ana: str, change: dict[str, object], code: int) -> None:
    await caller.post("bc/partner/add/", ana, **SHARE)
    body = {**PAIR, "asset_type": "ADVERTISER", "asset_ids": [seed.LUNE_EU], **change}
    assert (await caller.post("bc/partner/asset/delete/", ana, **body)).code == code
    assert await seen_by_agency(caller) == {seed.LUNE_EU: "OPERATOR"}


@pytest.mark.parametrize("side", ["client", "agency"])
async def test_ending_a_partnership_from_either_side(caller: Caller, ana: str, side: str) -> None:
    await caller.post("bc/partner/add/", ana, **SHARE)
    mirrored = {"bc_id": seed.NORTH_AGENCY, "partner_id": seed.MAISON_LUNE}
    token, body = (ana, PAIR) if side == "client" else (seed.NORTH_TOKEN, mirrored)
    assert (await caller.post("bc/partner/delete/", token, **body)).code == 0
    assert await seen_by_agency(caller) == await seen_by_client(caller, ana) == {}
    assert await partners(caller, seed.NORTH_AGENCY) == []
    assert (await caller.post("bc/partner/delete/", token, **body)).code == 40007


async def test_approval(caller: Caller, ana: str) -> None:
    await caller.switch(partner_approval=True)
    await caller.post("bc/partner/add/", ana, **SHARE)
    assert await seen_by_client(caller, ana) == {seed.LUNE_EU: "OPERATOR"}
    assert await partners(caller, seed.MAISON_LUNE, ana) == [seed.NORTH_AGENCY]
    assert await seen_by_agency(caller) == {}
    assert await partners(caller, seed.NORTH_AGENCY) == []
    approval = {"bc_id": seed.NORTH_AGENCY, "partner_id": seed.MAISON_LUNE}
    assert (await caller.control("GET", "world"))["partner_requests"] == [approval]
    await caller.control("POST", "partner-approvals", approval)
    assert await seen_by_agency(caller) == {seed.LUNE_EU: "OPERATOR"}
    await caller.post("bc/partner/add/", ana, **{**SHARE, "asset_ids": [seed.LUNE_UK]})
    assert set(await seen_by_agency(caller)) == {seed.LUNE_EU, seed.LUNE_UK}


async def test_read_lag(caller: Caller, ana: str) -> None:
    await caller.switch(read_lag=3)
    await caller.post("bc/partner/add/", ana, **SHARE)
    caller.clock.forward(2.9)
    assert await seen_by_agency(caller) == await seen_by_client(caller, ana) == {}
    assert await partners(caller, seed.NORTH_AGENCY) == []
    caller.clock.forward(0.2)
    assert await seen_by_agency(caller) == await seen_by_client(caller, ana) == {seed.LUNE_EU: "OPERATOR"}
    await caller.post("bc/partner/delete/", ana, **PAIR)
    assert await seen_by_agency(caller) == {seed.LUNE_EU: "OPERATOR"}
    query = {"bc_id": seed.MAISON_LUNE, "asset_id": seed.LUNE_EU, "asset_type": "ADVERTISER"}
    assert len((await caller.get("bc/asset/partner/get/", ana, **query)).rows) == 1
    caller.clock.forward(3)
    assert await seen_by_agency(caller) == {}
    assert (await caller.get("bc/asset/partner/get/", ana, **query)).rows == []
