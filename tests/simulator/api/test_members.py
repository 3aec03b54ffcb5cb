"""Members, and those who are invited."""

import pytest

from simulator import seed
from tests.simulator.caller import JSON, Caller

LUNE = {"bc_id": seed.MAISON_LUNE}
BO = "bo@northagency.example"
INVITE = {**LUNE, "emails": [BO], "user_role": "STANDARD"}


async def states(caller: Caller, ana: str, **filtering: str) -> list[tuple[str, str, str]]:
    answer = await caller.get("bc/member/get/", ana, **LUNE, filtering=filtering)
    assert answer.code == 0, answer.message
    return [(row["user_email"], row["user_role"], row["relation_status"]) for row in answer.rows]


async def answered(caller: Caller, email: str, *, accept: bool) -> JSON:
    body = {"email": email, "accept": accept}
    made: JSON = await caller.control("POST", f"business-centers/{seed.MAISON_LUNE}/invitation-answers", body)
    return made


async def test_fields(caller: Caller, ana: str) -> None:
    answer = await caller.get("bc/member/get/", ana, **LUNE)
    assert answer.rows[0] == {
        "user_id": seed.ANA_CLIENT,
        "user_name": "Ana Client",
        "user_email": "ana@maisonlune.example",
        "user_role": "ADMIN",
        "relation_status": "BOUND",
        "ext_user_role": {"finance_role": "MANAGER"},
    }
    assert answer.data["page_info"] == {"page": 1, "page_size": 10, "total_number": 2, "total_page": 1}


async def test_invite_and_accept(caller: Caller, ana: str) -> None:
    body = {**INVITE, "asset_ids": [seed.LUNE_EU], "advertiser_role": "OPERATOR"}
    for _ in range(2):
        invited = await caller.post("bc/member/invite/", ana, **body)
        assert (invited.code, invited.data) == (0, {})
    pending = await caller.get("bc/member/get/", ana, **LUNE, filtering={"relation_status": "PENDING"})
    assert pending.rows == [
        {
            "user_id": "",
            "user_name": "",
            "user_email": BO,
            "user_role": "STANDARD",
            "relation_status": "PENDING",
            "ext_user_role": {},
        }
    ]
    promised = {**LUNE, "asset_type": "ADVERTISER", "filtering": {"user_email": BO}}
    rows = (await caller.get("bc/asset/get/", ana, **promised)).rows
    assert [(row["asset_id"], row["advertiser_role"]) for row in rows] == [(seed.LUNE_EU, "OPERATOR")]
    assert (await answered(caller, BO.upper(), accept=True))["person_id"] == seed.BUYER_BO
    assert (BO, "STANDARD", "BOUND") in await states(caller, ana)
    bo = await caller.token(seed.BUYER_BO)
    usable = (await caller.get("bc/asset/get/", bo, **LUNE, asset_type="ADVERTISER")).rows
    assert [(row["asset_id"], row["advertiser_role"]) for row in usable] == [(seed.LUNE_EU, "OPERATOR")]
    again = await caller.client.post(
        f"/simulator/business-centers/{seed.MAISON_LUNE}/invitation-answers", json={"email": BO}
    )
    assert again.status_code == 409


async def test_members_are_not_invited_again(caller: Caller, ana: str) -> None:
    body = {**INVITE, "emails": ["Sam@maisonlune.example", BO]}
    assert (await caller.post("bc/member/invite/", ana, **body)).code == 0
    assert await states(caller, ana, relation_status="PENDING") == [(BO, "STANDARD", "PENDING")]


async def test_whoever_rejects_can_be_invited_again(caller: Caller, ana: str) -> None:
    await caller.post("bc/member/invite/", ana, **INVITE)
    await answered(caller, BO, accept=False)
    assert await states(caller, ana, relation_status="REJECTED") == [(BO, "STANDARD", "REJECTED")]
    await caller.post("bc/member/invite/", ana, **INVITE)
    assert await states(caller, ana, relation_status="PENDING") == [(BO, "STANDARD", "PENDING")]


async def test_somebody_new(caller: Caller, ana: str) -> None:
    await caller.post("bc/member/invite/", ana, **{**INVITE, "emails": ["new@else.example"]})
    person_id = (await answered(caller, "new@else.example", accept=True))["person_id"]
    rows = (await caller.get("bc/member/get/", ana, **LUNE, filtering={"keyword": person_id})).rows
    assert [(row["user_id"], row["user_name"]) for row in rows] == [(person_id, "new")]


async def test_filters(caller: Caller, ana: str) -> None:
    assert [row[0] for row in await states(caller, ana, user_role="STANDARD")] == ["sam@maisonlune.example"]
    assert [row[0] for row in await states(caller, ana, keyword="ANA")] == ["ana@maisonlune.example"]
    assert await states(caller, ana, relation_status="UNBOUND") == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"emails": []}, 40002),
        ({"emails": BO}, 40002),
        ({"emails": ["bo"]}, 40002),
        ({"emails": [f"{number}@else.example" for number in range(51)]}, 40002),
        ({"user_role": None}, 40002),
        ({"user_role": "OPERATOR"}, 40002),
        ({"advertiser_role": "STANDARD"}, 40002),
        ({"asset_type": "CATALOG"}, 40002),
        ({"asset_ids": list(seed.BIG_ACCOUNTS[:51])}, 40011),
        ({"asset_ids": [seed.SOLO_ACCOUNT]}, 40001),
        ({"asset_ids": [seed.CATALOG_LUNE]}, 40001),
        ({"bc_id": seed.NORTH_AGENCY}, 40001),
        ({"ext_user_role": {"finance_role": "CHIEF"}}, 40002),
    ],
)
async def test_refusals_of_inviting(caller: Caller, ana: str, change: dict[str, object], code: int) -> None:
    sent = {name: value for name, value in ({**INVITE, **change}).items() if value is not None}
    assert (await caller.post("bc/member/invite/", ana, **sent)).code == code
    assert len(await states(caller, ana)) == 2


async def test_update(caller: Caller, ana: str) -> None:
    sam = {**LUNE, "user_id": seed.SAM_STANDARD}
    change = {"user_role": "ADMIN", "user_name": "Sammy", "ext_user_role": {"finance_role": "ANALYST"}}
    assert (await caller.post("bc/member/update/", ana, **sam, **change)).code == 0
    row = (await caller.get("bc/member/get/", ana, **LUNE, filtering={"keyword": "sammy"})).rows[0]
    assert (row["user_role"], row["ext_user_role"]) == ("ADMIN", {"finance_role": "ANALYST"})
    assert (await caller.post("bc/member/update/", ana, **LUNE, user_id=seed.BUYER_BO)).code == 40002
    assert (await caller.post("bc/member/update/", ana, **sam, user_name="s" * 251)).code == 40002


async def test_delete(caller: Caller, ana: str) -> None:
    await caller.post("bc/member/invite/", ana, **INVITE)
    both = {"user_id": seed.SAM_STANDARD, "user_email": BO}
    for wrong in ({}, both):
        assert (await caller.post("bc/member/delete/", ana, **LUNE, **wrong)).code == 40002
    assert (await caller.post("bc/member/delete/", ana, **LUNE, user_email=BO)).code == 0
    assert (await caller.post("bc/member/delete/", ana, **LUNE, user_email=BO)).code == 40007
    assert (await caller.post("bc/member/delete/", ana, **LUNE, user_id=seed.SAM_STANDARD)).code == 0
    assert (await caller.post("bc/member/delete/", ana, **LUNE, user_id=seed.SAM_STANDARD)).code == 40007
    assert [row[0] for row in await states(caller, ana)] == ["ana@maisonlune.example"]
    sam = await caller.token(seed.SAM_STANDARD)
    assert (await caller.get("bc/get/", sam)).rows == []
    await caller.control(
        "PUT", f"business-centers/{seed.MAISON_LUNE}/members/{seed.SAM_STANDARD}", {"role": "STANDARD"}
    )
    usable = await caller.get("bc/asset/get/", sam, **LUNE, asset_type="ADVERTISER")
    assert usable.rows == []


async def test_pages_hold_twenty(caller: Caller, ana: str) -> None:
    assert (await caller.get("bc/member/get/", ana, **LUNE, page_size=21)).code == 40002
    assert (await caller.get("bc/member/get/", ana, **LUNE, page_size=20)).code == 0


@pytest.mark.parametrize("path", ["bc/member/get/", "bc/asset/member/get/"])
async def test_admins_only(caller: Caller, path: str) -> None:
    sam = await caller.token(seed.SAM_STANDARD)
    query = {**LUNE, "asset_type": "ADVERTISER", "asset_id": seed.LUNE_EU}
    assert (await caller.get(path, sam, **query)).code == 40001
