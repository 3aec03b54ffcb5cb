"""Details of ad accounts."""

import pytest

from simulator import seed
from tests.simulator.caller import Caller

FIELDS = {
    "advertiser_id", "name", "company", "status", "role", "currency", "timezone", "display_timezone",
    "country", "industry", "language", "balance", "create_time", "advertiser_account_type", "owner_bc_id",
    "rejection_reason", "contacter", "email", "cellphone_number", "telephone_number", "license_no",
    "license_url",
}  # fmt: skip


async def test_all_fields_for_the_owner(caller: Caller, ana: str) -> None:
    answer = await caller.get("advertiser/info/", ana, advertiser_ids=[seed.LUNE_EU])
    (row,) = answer.rows
    assert set(row) == FIELDS
    assert (row["name"], row["status"], row["owner_bc_id"]) == (
        "Maison Lune EU",
        "STATUS_ENABLE",
        seed.MAISON_LUNE,
    )


async def test_the_owner_is_told_to_its_admins_only(caller: Caller, ana: str) -> None:
    share = {"bc_id": seed.MAISON_LUNE, "partner_id": seed.NORTH_AGENCY, "asset_type": "ADVERTISER"}
    await caller.post("bc/partner/add/", ana, **share, asset_ids=[seed.LUNE_EU])
    for person in (seed.NORA_NORTH, seed.SAM_STANDARD):
        token = await caller.token(person)
        answer = await caller.get("advertiser/info/", token, advertiser_ids=[seed.LUNE_EU])
        assert [set(row) for row in answer.rows] == [FIELDS - {"owner_bc_id"}]
    sasha = await caller.token(seed.SOLO_SASHA)
    answer = await caller.get("advertiser/info/", sasha, advertiser_ids=[seed.SOLO_ACCOUNT])
    assert [set(row) for row in answer.rows] == [FIELDS - {"owner_bc_id"}]


async def test_what_is_not_ticked_is_absent(caller: Caller) -> None:
    token = await caller.token(seed.ANA_CLIENT, advertiser_ids=[seed.LUNE_EU])
    asked = [seed.LUNE_UK, seed.LUNE_EU, seed.SOLO_ACCOUNT, "7200000000000099999"]
    answer = await caller.get("advertiser/info/", token, advertiser_ids=asked, fields=["name"])
    assert answer.rows == [{"advertiser_id": seed.LUNE_EU, "name": "Maison Lune EU"}]


async def test_ticking_more_than_one_has_gives_nothing(caller: Caller) -> None:
    token = await caller.token(seed.ANA_CLIENT, advertiser_ids=[seed.SOLO_ACCOUNT])
    assert (await caller.get("advertiser/info/", token, advertiser_ids=[seed.SOLO_ACCOUNT])).rows == []


async def test_special_fields_push_out_the_others(caller: Caller, ana: str) -> None:
    query = {"advertiser_ids": [seed.LUNE_EU], "fields": ["name", "ads_only_mode"]}
    answer = await caller.get("advertiser/info/", ana, **query)
    assert answer.rows == [{"advertiser_id": seed.LUNE_EU, "ads_only_mode": False}]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, 40002),
        ({"advertiser_ids": []}, 40002),
        ({"advertiser_ids": seed.LUNE_EU}, 40002),
        ({"advertiser_ids": f"{seed.LUNE_EU},{seed.LUNE_UK}"}, 40002),
        ({"advertiser_ids": [int(seed.LUNE_EU)]}, 40002),
        ({"advertiser_ids": ["EU"]}, 40002),
        ({"advertiser_ids": [seed.LUNE_EU], "fields": "name"}, 40002),
        ({"advertiser_ids": list(seed.BIG_ACCOUNTS[:101])}, 40011),
        ({"advertiser_ids": list(seed.BIG_ACCOUNTS[:100])}, 0),
    ],
)
async def test_ids_are_a_json_array_of_strings(caller: Caller, ana: str, query: dict[str, object], code: int) -> None:
    assert (await caller.get("advertiser/info/", ana, **query)).code == code


async def test_statuses(caller: Caller) -> None:
    token = await caller.token(seed.MIXED_MILO)
    asked = [seed.DISABLED_ACCOUNT, seed.IN_REVIEW_ACCOUNT, seed.LIMITED_ACCOUNT, seed.MIXED_ACCOUNT]
    answer = await caller.get("advertiser/info/", token, advertiser_ids=asked, fields=["status"])
    assert [row["status"] for row in answer.rows] == [
        "STATUS_DISABLE",
        "STATUS_PENDING_CONFIRM",
        "STATUS_LIMIT",
        "STATUS_ENABLE",
    ]
