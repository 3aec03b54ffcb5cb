"""Pixels, their links and their events."""

from datetime import UTC, datetime, timedelta

import pytest

from simulator import seed
from tests.simulator.caller import JSON, Caller

LINK = {"bc_id": seed.MAISON_LUNE, "pixel_code": seed.PIXEL_LUNE_APP_CODE, "relation_status": "LINK"}
LOOK = {"bc_id": seed.MAISON_LUNE, "pixel_code": seed.PIXEL_LUNE_APP_CODE}
SHARE = {"bc_id": seed.MAISON_LUNE, "partner_id": seed.NORTH_AGENCY, "asset_type": "ADVERTISER"}


def days(caller: Caller, first: int, last: int = 0) -> dict[str, str]:
    """A range of days, so many before today."""
    today = datetime.fromtimestamp(caller.clock.now, UTC).date()
    return {"start_date": str(today - timedelta(first)), "end_date": str(today - timedelta(last))}


async def codes(caller: Caller, token: str | None, advertiser_id: str) -> list[str]:
    answer = await caller.get("pixel/list/", token, advertiser_id=advertiser_id)
    assert answer.code == 0, answer.message
    return [pixel["pixel_code"] for pixel in answer.data["pixels"]]


async def links(caller: Caller, token: str, **more: object) -> list[JSON]:
    answer = await caller.get("bc/pixel/link/get/", token, **LOOK, **more)
    assert answer.code == 0, answer.message
    return answer.rows


async def test_in_the_business_center(caller: Caller, ana: str) -> None:
    answer = await caller.get("bc/asset/admin/get/", ana, bc_id=seed.MAISON_LUNE, asset_type="PIXEL")
    assert answer.rows[0] == {
        "asset_type": "PIXEL",
        "asset_id": seed.PIXEL_LUNE,
        "asset_name": "maisonlune.example web",
        "owner_bc_name": "Maison Lune",
        "relation_type": "OWNER_BC",
        "relation_status": "BOUND",
        "pixel_code": seed.PIXEL_LUNE_CODE,
    }
    assert [row["pixel_code"] for row in answer.rows] == [seed.PIXEL_LUNE_CODE, seed.PIXEL_LUNE_APP_CODE]


async def test_link_see_and_unlink(caller: Caller, ana: str) -> None:
    assert await links(caller, ana) == []
    for _ in range(2):
        linked = await caller.post("bc/pixel/link/update/", ana, **LINK, advertiser_ids=[seed.LUNE_UK, seed.LUNE_US])
        assert (linked.code, linked.data) == (0, {})
    assert await links(caller, ana) == [{"advertiser_id": seed.LUNE_UK}, {"advertiser_id": seed.LUNE_US}]
    assert await links(caller, ana, page_size=1, page=2) == [{"advertiser_id": seed.LUNE_US}]
    for _ in range(2):
        unlink = {**LINK, "relation_status": "UNLINK", "advertiser_ids": [seed.LUNE_UK]}
        assert (await caller.post("bc/pixel/link/update/", ana, **unlink)).code == 0
    assert await links(caller, ana) == [{"advertiser_id": seed.LUNE_US}]
    assert await codes(caller, ana, seed.LUNE_UK) == []
    assert await codes(caller, ana, seed.LUNE_US) == [seed.PIXEL_LUNE_APP_CODE]


async def test_links_come_ten_a_page(caller: Caller) -> None:
    bea = await caller.token(seed.BIG_BEA)
    made = await caller.control(
        "POST", "assets", {"asset_type": "PIXEL", "name": "big", "owner_bc_id": seed.BIG_RETAIL}
    )
    look = {"bc_id": seed.BIG_RETAIL, "pixel_code": made["pixel_code"]}
    link = {**look, "relation_status": "LINK", "advertiser_ids": list(seed.BIG_ACCOUNTS[:100])}
    assert (await caller.post("bc/pixel/link/update/", bea, **link)).code == 0
    answer = await caller.get("bc/pixel/link/get/", bea, **look)
    assert len(answer.rows) == 10
    assert answer.data["page_info"] == {"page": 1, "page_size": 10, "total_number": 100, "total_page": 10}


async def test_links_lag_behind_too(caller: Caller, ana: str) -> None:
    await caller.switch(read_lag=3)
    await caller.post("bc/pixel/link/update/", ana, **LINK, advertiser_ids=[seed.LUNE_UK])
    assert await links(caller, ana) == []
    assert await codes(caller, ana, seed.LUNE_UK) == []
    caller.clock.forward(3)
    assert await links(caller, ana) == [{"advertiser_id": seed.LUNE_UK}]
    assert await codes(caller, ana, seed.LUNE_UK) == [seed.PIXEL_LUNE_APP_CODE]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"pixel_code": seed.PIXEL_LUNE_APP}, 40002),
        ({"pixel_code": "C0000000000000000000"}, 40002),
        ({"pixel_code": None}, 40002),
        ({"relation_status": "BIND"}, 40002),
        ({"relation_status": None}, 40002),
        ({"advertiser_ids": []}, 40002),
        ({"advertiser_ids": [seed.PIXEL_LUNE]}, 40002),
        ({"advertiser_ids": [seed.LUNE_UK, seed.SOLO_ACCOUNT]}, 40001),
        ({"advertiser_ids": list(seed.BIG_ACCOUNTS[:101])}, 40011),
        ({"bc_id": seed.NORTH_AGENCY}, 40001),
    ],
)
async def test_refusals_of_linking(caller: Caller, ana: str, change: dict[str, object], code: int) -> None:
    body = {**LINK, "advertiser_ids": [seed.LUNE_UK]} | change
    sent = {name: value for name, value in body.items() if value is not None}
    assert (await caller.post("bc/pixel/link/update/", ana, **sent)).code == code
    assert await links(caller, ana) == []


async def test_a_pixel_is_linked_by_its_owner_alone(caller: Caller, ana: str) -> None:
    theo = await caller.token(seed.TWO_BRANDS_THEO)
    body = {**LINK, "bc_id": seed.BRAND_FR, "advertiser_ids": [seed.BRAND_FR_ACCOUNTS[0]]}
    refused = await caller.post("bc/pixel/link/update/", theo, **body)
    assert (refused.code, refused.message) == (40001, f"You don't have permission to the asset({seed.PIXEL_LUNE_APP})")
    sam = await caller.token(seed.SAM_STANDARD)
    assert (await caller.get("bc/pixel/link/get/", sam, **LOOK)).code == 40001
    await caller.control("PATCH", f"business-centers/{seed.MAISON_LUNE}", {"status": "PUNISH"})
    assert (await caller.post("bc/pixel/link/update/", ana, **LINK, advertiser_ids=[seed.LUNE_UK])).code == 40001


async def test_links_may_be_denied(caller: Caller, ana: str) -> None:
    await caller.switch(pixel_links_denied=True)
    answer = await caller.get("bc/pixel/link/get/", ana, **LOOK)
    assert (answer.code, answer.message) == (40002, f"You don't have permission to the asset({seed.PIXEL_LUNE_APP})")
    assert (await caller.post("bc/pixel/link/update/", ana, **LINK, advertiser_ids=[seed.LUNE_UK])).code == 0
    assert await codes(caller, ana, seed.LUNE_UK) == [seed.PIXEL_LUNE_APP_CODE]


async def test_the_list_of_an_ad_account(caller: Caller, ana: str) -> None:
    answer = await caller.get("pixel/list/", ana, advertiser_id=seed.LUNE_EU)
    (pixel,) = answer.data["pixels"]
    assert answer.data["page_info"] == {"page": 1, "page_size": 10, "total_number": 1, "total_page": 1}
    assert set(pixel) == {
        "pixel_id", "pixel_code", "pixel_name", "pixel_setup_mode", "create_time", "advanced_matching_fields",
        "asset_ownership", "events",
    }  # fmt: skip
    assert (pixel["pixel_id"], pixel["pixel_code"]) == (seed.PIXEL_LUNE, seed.PIXEL_LUNE_CODE)
    assert pixel["asset_ownership"] == {"asset_relation_status": "SHARED", "ownership_status": False}
    assert [event["event_type"] for event in pixel["events"]] == ["ON_WEB_ORDER", "PAGE_VIEW"]


async def test_ownership_as_the_ad_account_sees_it(caller: Caller, ana: str) -> None:
    new = {"asset_type": "PIXEL", "name": "new", "owner_advertiser_id": seed.LUNE_US}
    alone = await caller.control("POST", "assets", new)
    moved = await caller.control("POST", "assets", {**new, "owner_bc_id": seed.MAISON_LUNE, "name": "moved"})
    answer = await caller.get("pixel/list/", ana, advertiser_id=seed.LUNE_US)
    assert {pixel["pixel_id"]: pixel["asset_ownership"] for pixel in answer.data["pixels"]} == {
        alone["asset_id"]: {"asset_relation_status": None, "ownership_status": True},
        moved["asset_id"]: {
            "asset_relation_status": "TRANSFERRED",
            "ownership_status": True,
            "owner_bc_id": seed.MAISON_LUNE,
        },
    }
    held = await caller.get("bc/asset/admin/get/", ana, bc_id=seed.MAISON_LUNE, asset_type="PIXEL")
    assert alone["asset_id"] not in [row["asset_id"] for row in held.rows]
    link = {**LINK, "pixel_code": alone["pixel_code"], "advertiser_ids": [seed.LUNE_UK]}
    assert (await caller.post("bc/pixel/link/update/", ana, **link)).code == 40001


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"code": seed.PIXEL_LUNE_CODE}, [seed.PIXEL_LUNE]),
        ({"pixel_id": seed.PIXEL_LUNE_APP}, [seed.PIXEL_LUNE_APP]),
        ({"name": "APP"}, [seed.PIXEL_LUNE_APP]),
        ({"order_by": "LATEST_CREATE"}, [seed.PIXEL_LUNE_APP, seed.PIXEL_LUNE]),
        ({"page_size": 1, "page": 2}, [seed.PIXEL_LUNE_APP]),
        ({"filtering": {"available_for_catalog_only": False}}, [seed.PIXEL_LUNE, seed.PIXEL_LUNE_APP]),
    ],
)
async def test_filters_of_the_list(caller: Caller, ana: str, query: dict[str, object], expected: list[str]) -> None:
    await caller.post("bc/pixel/link/update/", ana, **LINK, advertiser_ids=[seed.LUNE_EU])
    answer = await caller.get("pixel/list/", ana, advertiser_id=seed.LUNE_EU, **query)
    assert [pixel["pixel_id"] for pixel in answer.data["pixels"]] == expected


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"page_size": 21}, 40002),
        ({"advertiser_id": seed.SOLO_ACCOUNT}, 40001),
        ({"advertiser_id": "7200000000000099999"}, 40001),
        ({"order_by": "NAME"}, 40002),
        ({"pixel_id": seed.PIXEL_LUNE_CODE}, 40002),
    ],
)
async def test_refusals_of_the_list(caller: Caller, ana: str, query: dict[str, object], code: int) -> None:
    assert (await caller.get("pixel/list/", ana, **{"advertiser_id": seed.LUNE_EU, **query})).code == code


@pytest.mark.parametrize("app_id", [seed.CORE_APP, seed.NO_PARTNER_APP])
async def test_permissions(caller: Caller, app_id: str) -> None:
    token = await caller.token(seed.ANA_CLIENT, app_id)
    assert (await caller.get("pixel/list/", token, advertiser_id=seed.LUNE_EU)).code == 40001
    query = {"advertiser_id": seed.LUNE_EU, "pixel_ids": [seed.PIXEL_LUNE], "date_range": days(caller, 6)}
    assert (await caller.get("pixel/event/stats/", token, **query)).code == 40001
    assert (await caller.get("bc/pixel/link/get/", token, **LOOK)).code == 0


async def test_the_agency_sees_pixels_of_what_is_shared_with_it(caller: Caller, ana: str) -> None:
    assert (await caller.get("pixel/list/", advertiser_id=seed.LUNE_EU)).code == 40001
    await caller.post("bc/partner/add/", ana, **SHARE, asset_ids=[seed.LUNE_EU], advertiser_role="OPERATOR")
    assert await codes(caller, seed.NORTH_TOKEN, seed.LUNE_EU) == [seed.PIXEL_LUNE_CODE]
    await caller.switch(reauthorize=True)
    assert (await caller.get("pixel/list/", advertiser_id=seed.LUNE_EU)).code == 40001
    again = await caller.token(seed.NORA_NORTH)
    assert await codes(caller, again, seed.LUNE_EU) == [seed.PIXEL_LUNE_CODE]
    cancel = {**SHARE, "asset_ids": [seed.LUNE_EU]}
    await caller.post("bc/partner/asset/delete/", ana, **cancel)
    assert (await caller.get("pixel/list/", again, advertiser_id=seed.LUNE_EU)).code == 40001


async def test_what_was_offered_and_not_ticked_stays_out_of_reach(caller: Caller) -> None:
    token = await caller.token(seed.ANA_CLIENT, advertiser_ids=[seed.LUNE_UK])
    assert await codes(caller, token, seed.LUNE_UK) == []
    assert (await caller.get("pixel/list/", token, advertiser_id=seed.LUNE_EU)).code == 40001


async def test_a_pixel_shared_by_hand(caller: Caller) -> None:
    body = {"bc_id": seed.MAISON_LUNE, "partner_id": seed.NORTH_AGENCY, "asset_ids": [seed.PIXEL_LUNE]}
    await caller.control("POST", "shares", body)
    held = await caller.get("bc/asset/admin/get/", bc_id=seed.NORTH_AGENCY, asset_type="PIXEL")
    assert [(row["pixel_code"], row["relation_type"], row["owner_bc_name"]) for row in held.rows] == [
        (seed.PIXEL_LUNE_CODE, "OWNER_PARTNER", "Maison Lune")
    ]
    look = {"bc_id": seed.NORTH_AGENCY, "partner_id": seed.MAISON_LUNE, "share_type": "SHARED"}
    assert (await caller.get("bc/partner/asset/get/", **look, asset_type="PIXEL")).code == 40002
    ana = await caller.token(seed.ANA_CLIENT)
    assert (await caller.post("bc/partner/asset/delete/", ana, **body, asset_type="PIXEL")).code == 0
    assert (await caller.get("bc/asset/admin/get/", bc_id=seed.NORTH_AGENCY, asset_type="PIXEL")).rows == []


async def test_event_statistics(caller: Caller, ana: str) -> None:
    query = {"advertiser_id": seed.LUNE_EU, "pixel_ids": [seed.PIXEL_LUNE], "date_range": days(caller, 6)}
    answer = await caller.get("pixel/event/stats/", ana, **query)
    (row,) = answer.rows
    assert row["pixel_id"] == seed.PIXEL_LUNE
    assert row["statistics"][0] == {
        "pixel_event_type": "ON_WEB_ORDER",
        "total_count": 412,
        "browser_event_total_count": 300,
        "server_event_total_count": 112,
        "attributed_count": 37,
        "preview_count": 0,
    }


async def test_events_belong_to_their_day(caller: Caller, ana: str) -> None:
    events = {"PAGE_VIEW": {"browser": 5, "days_ago": 8}, "ADD_TO_CART": {"server": 2}}
    await caller.control("PUT", f"pixels/{seed.PIXEL_LUNE}/events", events)
    query = {"advertiser_id": seed.LUNE_EU, "pixel_ids": [seed.PIXEL_LUNE]}
    found = []
    for first, last in ((6, 0), (8, 0), (30, 1), (7, 1)):
        answer = await caller.get("pixel/event/stats/", ana, **query, date_range=days(caller, first, last))
        found.append([event["pixel_event_type"] for event in answer.rows[0]["statistics"]])
    assert found == [["ADD_TO_CART"], ["PAGE_VIEW", "ADD_TO_CART"], ["PAGE_VIEW"], []]
    await caller.control("PUT", f"pixels/{seed.PIXEL_LUNE}/events", {})
    silent = await caller.get("pixel/event/stats/", ana, **query, date_range=days(caller, 30))
    assert silent.rows == [{"pixel_id": seed.PIXEL_LUNE, "statistics": []}]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"pixel_ids": []}, 40002),
        ({"pixel_ids": [seed.PIXEL_LUNE_APP]}, 40002),
        ({"pixel_ids": [seed.PIXEL_LUNE_CODE]}, 40002),
        ({"pixel_ids": list(seed.BIG_ACCOUNTS[:11])}, 40011),
        ({"advertiser_id": seed.SOLO_ACCOUNT}, 40001),
        ({"date_range": None}, 40002),
        ({"date_range": {"start_date": "2026-11-01"}}, 40002),
        ({"date_range": {"start_date": "2026-11-02", "end_date": "2026-11-01"}}, 40002),
        ({"date_range": {"start_date": "2026-10-01", "end_date": "2026-11-01"}}, 40002),
        ({"date_range": {"start_date": "2026-11-01 00:00:00", "end_date": "2026-11-02 00:00:00"}}, 40002),
    ],
)
async def test_refusals_of_statistics(caller: Caller, ana: str, change: dict[str, object], code: int) -> None:
    query = {"advertiser_id": seed.LUNE_EU, "pixel_ids": [seed.PIXEL_LUNE], "date_range": days(caller, 1)} | change
    sent = {name: value for name, value in query.items() if value is not None}
    assert (await caller.get("pixel/event/stats/", ana, **sent)).code == code
