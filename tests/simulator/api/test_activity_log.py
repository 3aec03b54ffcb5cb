"""The activity log of a Business Center, fed by what happens."""

import pytest

from simulator import seed
from tests.simulator.caller import JSON, Caller

LUNE = {"bc_id": seed.MAISON_LUNE}
SHARE = {**LUNE, "partner_id": seed.NORTH_AGENCY, "asset_type": "ADVERTISER", "asset_ids": [seed.LUNE_EU]}
EU = f"ad account Maison Lune EU (ID: {seed.LUNE_EU})"
NORTH = f"partner North Agency (ID: {seed.NORTH_AGENCY})"


async def lines(
    caller: Caller, token: str = seed.NORTH_TOKEN, bc_id: str = seed.NORTH_AGENCY, **more: object
) -> list[JSON]:
    answer = await caller.get("changelog/get/", token, bc_id=bc_id, **more)
    assert answer.code == 0, answer.message
    found: list[JSON] = answer.data["changelog_list"]
    return found


async def test_silent_at_the_start(caller: Caller, ana: str) -> None:
    answer = await caller.get("changelog/get/", ana, **LUNE)
    assert answer.data == {
        "changelog_list": [],
        "page_info": {"page": 1, "page_size": 10, "total_number": 0, "total_page": 0},
    }


async def test_shares_and_roles(caller: Caller, ana: str) -> None:
    await caller.post("bc/partner/add/", ana, **SHARE)
    await caller.post("bc/partner/add/", ana, **SHARE)
    await caller.post("bc/partner/add/", ana, **SHARE, advertiser_role="OPERATOR")
    await caller.post("bc/partner/asset/delete/", ana, **SHARE)
    found = await lines(caller, ana, seed.MAISON_LUNE, sort_type="ASC")
    assert found[1] == {
        "time": "2026-11-18 11:06:40",
        "activity_type": "ACCOUNT",
        "operator_id": seed.ANA_CLIENT,
        "activity_log": f"Shared {EU} with {NORTH} as ANALYST",
    }
    assert [(each["activity_type"], each["activity_log"]) for each in found] == [
        ("BUSINESS", f"Added {NORTH}"),
        ("ACCOUNT", f"Shared {EU} with {NORTH} as ANALYST"),
        ("ACCOUNT", f"Changed the role of {NORTH} on {EU} as OPERATOR"),
        ("ACCOUNT", f"Cancelled sharing {EU} with {NORTH}"),
    ]
    newest = await lines(caller, ana, seed.MAISON_LUNE, page_size=1)
    assert newest == found[-1:]


async def test_the_partner_reads_it_too_once_it_sees_the_partnership(caller: Caller, ana: str) -> None:
    await caller.switch(partner_approval=True)
    await caller.post("bc/partner/add/", ana, **SHARE)
    assert await lines(caller) == []
    approval = {"bc_id": seed.NORTH_AGENCY, "partner_id": seed.MAISON_LUNE}
    await caller.control("POST", "partner-approvals", approval)
    await caller.control("DELETE", "shares", {**LUNE, "partner_id": seed.NORTH_AGENCY, "asset_ids": [seed.LUNE_EU]})
    found = await lines(caller, filtering={"activity_type": "ACCOUNT"})
    assert [each["activity_log"] for each in found] == [
        f"partner Maison Lune (ID: {seed.MAISON_LUNE}): Cancelled sharing {EU} with {NORTH}"
    ]


async def test_pixels_and_members(caller: Caller, ana: str) -> None:
    link = {**LUNE, "pixel_code": seed.PIXEL_LUNE_APP_CODE, "advertiser_ids": [seed.LUNE_UK]}
    for status in ("LINK", "LINK", "UNLINK"):
        await caller.post("bc/pixel/link/update/", ana, **link, relation_status=status)
    await caller.post("bc/member/invite/", ana, **LUNE, emails=["bo@northagency.example"], user_role="STANDARD")
    answer = {"email": "bo@northagency.example", "accept": True}
    await caller.control("POST", f"business-centers/{seed.MAISON_LUNE}/invitation-answers", answer)
    await caller.post("bc/member/delete/", ana, **LUNE, user_id=seed.BUYER_BO)
    assets = await lines(caller, ana, seed.MAISON_LUNE, filtering={"activity_type": "ASSET"})
    assert [each["activity_log"].split()[0] for each in assets] == ["Unlinked", "Linked"]
    members = await lines(caller, ana, seed.MAISON_LUNE, filtering={"activity_type": "USER"})
    assert [(each["operator_id"], each["activity_log"]) for each in members] == [
        (seed.ANA_CLIENT, "Removed Bo Buyer (bo@northagency.example)"),
        (seed.BUYER_BO, "Bo Buyer (bo@northagency.example) joined as STANDARD"),
        (seed.ANA_CLIENT, "Invited bo@northagency.example as STANDARD"),
    ]


async def test_days(caller: Caller, ana: str) -> None:
    await caller.post("bc/partner/add/", ana, **SHARE)
    asked = {"filtering": {"start_date": "2026-11-18", "end_date": "2026-11-18"}}
    assert len(await lines(caller, ana, seed.MAISON_LUNE, **asked)) == 2
    caller.clock.forward(8 * 86400)
    assert await lines(caller, ana, seed.MAISON_LUNE) == []
    assert len(await lines(caller, ana, seed.MAISON_LUNE, **asked)) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"filtering": {"start_date": "2026-11-18"}}, 40002),
        ({"filtering": {"start_date": "18.11.2026", "end_date": "2026-11-18"}}, 40002),
        ({"filtering": {"activity_type": "SHARE"}}, 40002),
        ({"sort_field": "time"}, 40002),
        ({"sort_type": "UP"}, 40002),
        ({"page_size": 51}, 40002),
        ({"bc_id": seed.NORTH_AGENCY}, 40001),
    ],
)
async def test_refusals(caller: Caller, ana: str, change: dict[str, object], code: int) -> None:
    assert (await caller.get("changelog/get/", ana, **{**LUNE, **change})).code == code


async def test_needs_its_permission(caller: Caller) -> None:
    token = await caller.token(seed.ANA_CLIENT, seed.CORE_APP)
    assert (await caller.get("changelog/get/", token, **LUNE)).code == 40001
