"""What people do with members, by hand."""

import pytest

from simulator import seed
from tests.simulator.caller import Caller

NORTH = f"business-centers/{seed.NORTH_AGENCY}"
HOLDERS = {"bc_id": seed.NORTH_AGENCY, "asset_type": "ADVERTISER", "asset_id": seed.NORTH_ACCOUNT}


async def members(caller: Caller) -> dict[str, tuple[str, str]]:
    answer = await caller.get("bc/member/get/", bc_id=seed.NORTH_AGENCY)
    return {row["user_email"]: (row["user_role"], row["relation_status"]) for row in answer.rows}


async def test_invite_and_reject(caller: Caller) -> None:
    for expected in (True, False):
        made = await caller.control("POST", f"{NORTH}/invitations", {"email": "ana@maisonlune.example"})
        assert made == {"invited": expected}
    assert (await members(caller))["ana@maisonlune.example"] == ("STANDARD", "PENDING")
    await caller.control("POST", f"{NORTH}/invitation-answers", {"email": "ana@maisonlune.example", "accept": False})
    assert (await members(caller))["ana@maisonlune.example"] == ("STANDARD", "REJECTED")


async def test_add_change_and_remove(caller: Caller) -> None:
    path = f"{NORTH}/members/{seed.ANA_CLIENT}"
    for role in ("STANDARD", "ADMIN"):
        await caller.control("PUT", path, {"role": role})
        assert (await members(caller))["ana@maisonlune.example"] == (role, "BOUND")
    assert await caller.control("DELETE", path) == {"removed": True}
    assert await caller.control("DELETE", path) == {"removed": False}
    assert "ana@maisonlune.example" not in await members(caller)


async def test_assign_by_hand(caller: Caller) -> None:
    body = {"person": seed.BUYER_KIM, "asset_id": seed.NORTH_ACCOUNT, "role": "ANALYST"}
    await caller.control("PUT", f"{NORTH}/assignments", body)
    rows = (await caller.get("bc/asset/member/get/", **HOLDERS)).rows
    assert [(row["user_id"], row["advertiser_role"]) for row in rows] == [
        (seed.NORA_NORTH, "ADMIN"),
        (seed.BUYER_KIM, "ANALYST"),
    ]
    await caller.control("PUT", f"{NORTH}/assignments", {**body, "role": None})
    assert len((await caller.get("bc/asset/member/get/", **HOLDERS)).rows) == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", f"{NORTH}/members/12345", {"role": "ADMIN"}, 404),
        ("PUT", f"business-centers/12345/members/{seed.ANA_CLIENT}", {"role": "ADMIN"}, 404),
        ("POST", f"{NORTH}/invitation-answers", {"email": "nobody@else.example"}, 409),
        ("PUT", f"{NORTH}/assignments", {"person": seed.BUYER_BO, "asset_id": seed.LUNE_EU, "role": "ADMIN"}, 409),
        (
            "PUT",
            f"{NORTH}/assignments",
            {"person": seed.BUYER_BO, "asset_id": seed.NORTH_ACCOUNT, "role": "AD_PROMOTE"},
            409,
        ),
    ],
)
async def test_what_cannot_be(caller: Caller, method: str, path: str, body: dict[str, object], status: int) -> None:
    assert (await caller.client.request(method, f"/simulator/{path}", json=body)).status_code == status
