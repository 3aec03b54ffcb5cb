"""Pixels, their links to ad accounts and what reaches them: API.md 6.

`bc/pixel/*` takes the pixel's code and an ADMIN of the Business Center that owns it, `pixel/*` takes numeric ids and
an ad account that the token reaches.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from simulator.api.call import Call
from simulator.api.envelope import Data, Refusal
from simulator.changes import pixels as changes
from simulator.models import EventCounts, Pixel

MOST_ADVERTISERS = 100
MOST_PIXELS = 10
MOST_ON_A_PAGE = 20
LONGEST_RANGE = timedelta(days=30)


def update_pixel_link(call: Call) -> Data:
    """POST bc/pixel/link/update/: linking what is linked, or unlinking what is not, changes nothing."""
    bc_id, pixel_code = call.parameters.id("bc_id"), call.parameters.text("pixel_code")
    advertiser_ids = call.parameters.ids("advertiser_ids", MOST_ADVERTISERS)
    if not advertiser_ids:
        raise Refusal(40002, "advertiser_ids: Missing data for required field.")
    status = call.parameters.choice("relation_status", ("LINK", "UNLINK"))
    call.administered_for_writing(bc_id)
    pixel = _owned(call, bc_id, pixel_code)
    _check_advertisers(call, bc_id, advertiser_ids)
    change = changes.link if status == "LINK" else changes.unlink
    change(call.simulator, call.person.person_id, bc_id, pixel, advertiser_ids)
    return {}


def pixel_links(call: Call) -> Data:
    """GET bc/pixel/link/get/"""
    bc_id, pixel_code = call.parameters.id("bc_id"), call.parameters.text("pixel_code")
    page = call.parameters.page()
    call.administered(bc_id)
    pixel = _owned(call, bc_id, pixel_code)
    if call.simulator.switches.pixel_links_denied:
        raise Refusal(40002, f"You don't have permission to the asset({pixel.asset_id})")
    advertiser_ids = call.world.links.advertiser_ids(pixel.asset_id, call.simulator.visible_moment())
    return page.cut(advertiser_ids, lambda advertiser_id: {"advertiser_id": advertiser_id})


def pixels(call: Call) -> Data:
    """GET pixel/list/: the pixels one ad account can use."""
    account = call.reached(call.parameters.id("advertiser_id"))
    pixel_id, code = call.parameters.optional_id("pixel_id"), call.parameters.optional_text("code")
    name = (call.parameters.optional_text("name") or "").lower()
    order = call.parameters.choice("order_by", ("EARLIEST_CREATE", "LATEST_CREATE"), "EARLIEST_CREATE")
    call.parameters.filtering().flag("available_for_catalog_only", default=False)
    page = call.parameters.page(largest=MOST_ON_A_PAGE)
    found = [
        pixel
        for pixel in call.world.pixels_of(account.asset_id, call.simulator.visible_moment())
        if pixel_id in (None, pixel.asset_id) and code in (None, pixel.pixel_code) and name in pixel.name.lower()
    ]
    found.sort(key=lambda pixel: pixel.create_time, reverse=order == "LATEST_CREATE")
    return page.cut(found, lambda pixel: _pixel(pixel, account.asset_id), name="pixels")


def event_statistics(call: Call) -> Data:
    """GET pixel/event/stats/: what reached pixels in a range of days, both ends included."""
    account = call.reached(call.parameters.id("advertiser_id"))
    pixel_ids = call.parameters.ids("pixel_ids", MOST_PIXELS)
    if not pixel_ids:
        raise Refusal(40002, "pixel_ids: Missing data for required field.")
    first, last = _range(call)
    usable = {pixel.asset_id: pixel for pixel in call.world.pixels_of(account.asset_id)}
    for pixel_id in pixel_ids:
        if pixel_id not in usable:
            raise Refusal(40002, f"You don't have permission to the asset({pixel_id})")
    today = datetime.fromtimestamp(call.simulator.clock(), UTC).date()
    return {"list": [_statistics(usable[pixel_id], today, first, last) for pixel_id in pixel_ids]}


def _owned(call: Call, bc_id: str, pixel_code: str) -> Pixel:
    pixel = call.world.pixel_of_code(pixel_code)
    if pixel is None:
        raise Refusal(40002, f"pixel_code: Pixel {pixel_code} does not exist.")
    if pixel.owner_bc_id != bc_id:
        raise Refusal(40001, f"You don't have permission to the asset({pixel.asset_id})")
    return pixel


def _check_advertisers(call: Call, bc_id: str, advertiser_ids: Iterable[str]) -> None:
    """Every ad account has to be in the Business Center: its own, or one it may manage."""
    for advertiser_id in advertiser_ids:
        if call.world.ad_account(advertiser_id) is None:
            raise Refusal(40002, f"advertiser_ids: Ad account {advertiser_id} does not exist.")
        held = call.world.holding(bc_id, advertiser_id)
        if held is None or held.relation_status != "BOUND":
            raise Refusal(40001, f"You don't have permission to the asset({advertiser_id})")


def _range(call: Call) -> tuple[date, date]:
    days = call.parameters.structure("date_range")
    if days is None:
        raise Refusal(40002, "date_range: Missing data for required field.")
    first, last = days.day("start_date"), days.day("end_date")
    if not timedelta() <= last - first <= LONGEST_RANGE:
        raise Refusal(40002, "date_range: end_date must be 0 to 30 days after start_date.")
    return first, last


def _pixel(pixel: Pixel, advertiser_id: str) -> Data:
    return {
        "pixel_id": pixel.asset_id,
        "pixel_code": pixel.pixel_code,
        "pixel_name": pixel.name,
        "pixel_setup_mode": "DEVELOPER",
        "create_time": str(pixel.create_time * 1000),
        "advanced_matching_fields": {"email": True, "phone_number": True},
        "asset_ownership": _ownership(pixel, advertiser_id),
        "events": [
            {
                "event_id": f"{pixel.asset_id[:-3]}{number:03d}",
                "event_type": event,
                "optimization_event": event,
                "name": event.replace("_", " ").capitalize(),
                "statistic_type": "EVERY_TIME",
                "deprecated": False,
                "rules": [],
            }
            for number, event in enumerate(pixel.events, 1)
        ],
    }


def _ownership(pixel: Pixel, advertiser_id: str) -> Data:
    """Ownership as the ad account sees it: its own, its own but now in a Business Center, or lent."""
    if pixel.owner_advertiser_id != advertiser_id:
        return {"asset_relation_status": "SHARED", "ownership_status": False}
    if pixel.owner_bc_id is None:
        return {"asset_relation_status": None, "ownership_status": True}
    return {"asset_relation_status": "TRANSFERRED", "ownership_status": True, "owner_bc_id": pixel.owner_bc_id}


def _statistics(pixel: Pixel, today: date, first: date, last: date) -> Data:
    counted = [
        (event, counts)
        for event, counts in pixel.events.items()
        if first <= today - timedelta(days=counts.days_ago) <= last
    ]
    return {"pixel_id": pixel.asset_id, "statistics": [_event(event, counts) for event, counts in counted]}


def _event(event: str, counts: EventCounts) -> Data:
    return {
        "pixel_event_type": event,
        "total_count": counts.browser + counts.server,
        "browser_event_total_count": counts.browser,
        "server_event_total_count": counts.server,
        "attributed_count": counts.attributed,
        "preview_count": counts.preview,
    }
