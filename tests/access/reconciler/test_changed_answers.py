"""Answers of another shape than documented, for ever: told as that, with what its support needs, and worked around."""

from typing import Any

import httpx2
import pytest

from app.links.models import AccessRequest
from simulator import seed
from simulator.seed import LUNE_EU
from tests.house import House

LIST, SHARE, STATS = "bc/partner/asset/get/", "bc/partner/add/", "pixel/event/stats/"
#: A page of a list without one field, with one of another type, without the list, and something else altogether.
PAGE = {"page": 1, "page_size": 50, "total_number": 1, "total_page": 1}
SHAPES: list[Any] = [
    {"list": [{"asset_type": "ADVERTISER"}], "page_info": PAGE},
    {"list": [{"asset_id": {"number": 7}, "advertiser_role": "OPERATOR"}], "page_info": PAGE},
    {"page_info": PAGE},
    {"list": "none"},
    ["nothing", "here"],
]


async def _events(api: httpx2.AsyncClient, house: House, kind: str) -> list[dict[str, Any]]:
    told = (await api.get("/events", params={"subject_id": house.world.north.link_id, "limit": 100})).json()["data"]
    return [each["data"] for each in told if each["type"] == kind]


@pytest.mark.parametrize("data", SHAPES)
async def test_a_list_of_another_shape_is_told_with_its_field_and_request_id(
    house: House, api: httpx2.AsyncClient, data: Any
) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, LUNE_EU)
    await house.tiktok.fault(LIST, code=0, data=data, times=None)
    await house.work(1)
    (access_request,) = await house.access_requests(north)
    assert (access_request.status, access_request.code, access_request.next_actor) == (
        "blocked",
        "platform_changed",
        "agency",
    )
    assert access_request.platform_operation == "bc/partner/asset/get"
    assert access_request.platform_request_id
    (told,) = await _events(api, house, "access.blocked")
    assert told["blocker_code"] == "platform_changed"
    for said in ("bc/partner/asset/get", "another shape", f"request id {access_request.platform_request_id}"):
        assert said in told["reason"]


async def test_a_share_answered_in_another_shape_is_no_problem_of_the_app(house: House) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, LUNE_EU)
    await house.tiktok.fault(SHARE, code=0, data=["done?"], times=None)
    for _ in range(10):
        await house.work(1)
        await house.later(house.tools.timing.settle)
    (access_request,) = await house.access_requests(north)
    assert (access_request.status, access_request.code, access_request.next_actor) == (
        "blocked",
        "platform_changed",
        "agency",
    )
    assert access_request.platform_operation == "bc/partner/add"


async def test_a_share_that_happened_is_seen_whatever_its_answer_looked_like(house: House) -> None:
    north = house.world.north
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, LUNE_EU)
    await house.tiktok.fault(SHARE, code=0, data=["done?"], applied=True)
    await house.work(3)
    assert await house.statuses(north) == [("verified", None)]
    assert len(await house.platform_calls(north, "share")) == 1


async def test_events_in_another_shape_are_not_mended_by_connecting_again(house: House) -> None:
    await _with_pixel(house, needs_events=True)
    await house.tiktok.fault(STATS, code=0, data=["?"], times=None)
    await house.work(4)
    pixel = await _pixel(house)
    assert (pixel.status, pixel.code, pixel.next_actor) == ("blocked", "platform_changed", "agency")
    assert pixel.platform_operation == STATS.rstrip("/")
    await house.tiktok.clear_faults()
    await house.work(3)
    assert (await _pixel(house)).status == "verified"


async def test_pixels_in_another_shape_are_not_mended_by_connecting_again(house: House) -> None:
    await _with_pixel(house)
    await house.tiktok.fault("pixel/list/", code=0, data=["?"], times=None)
    await house.work(4)
    pixel = await _pixel(house)
    assert (pixel.status, pixel.code, pixel.seen_by) == ("verified", None, "client")  # whose list can be read


async def _with_pixel(house: House, *, needs_events: bool = False) -> None:
    north = house.world.north
    await house.ask_for(north, "pixel", "LINK", needs_events=needs_events)
    await house.connect_agency(north)
    await house.connect_client(north)
    await house.agree(north, LUNE_EU, pixels=[(seed.PIXEL_LUNE_CODE, LUNE_EU)])


async def _pixel(house: House) -> AccessRequest:
    (pixel,) = [
        access_request
        for access_request in await house.access_requests(house.world.north)
        if access_request.kind == "pixel"
    ]
    return pixel
