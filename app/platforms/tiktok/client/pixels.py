"""Pixels: links to ad accounts, lists and counts. `/bc/pixel/*` identifies them by code, `/pixel/event/*` by number."""

from collections.abc import Sequence
from datetime import date

from app.platforms.port import Access, Keep
from app.platforms.tiktok import responses
from app.platforms.tiktok.client.paging import every
from app.platforms.tiktok.client.requests import Wire, get, post

LINKS_PAGE_SIZE = 50
PIXELS_PAGE_SIZE = 20


async def pixel_links(wire: Wire, access: Access, *, bc_id: str, code: str, keep: Keep) -> list[responses.PixelLink]:
    """`GET /bc/pixel/link/get/` (yml_files/bc_pixel_link_get.yml of TikTok's SDK).

    It sometimes refuses Admins with 40002 and a message about the asset: then use the ad accounts' own lists.
    """
    query = {"bc_id": bc_id, "pixel_code": code, "page_size": LINKS_PAGE_SIZE}
    return await every(
        lambda page: get(
            wire, access, "bc/pixel/link/get/", {**query, "page": page}, responses.PageOf[responses.PixelLink], keep
        )
    )


async def update_links(
    wire: Wire, access: Access, *, bc_id: str, code: str, account_ids: Sequence[str], link: bool, keep: Keep
) -> None:
    """`POST /bc/pixel/link/update/` (yml_files/bc_pixel_link_update.yml of TikTok's SDK): at most 100 ad accounts."""
    body = {
        "bc_id": bc_id, "pixel_code": code, "advertiser_ids": list(account_ids),
        "relation_status": "LINK" if link else "UNLINK",
    }  # fmt: skip
    await post(wire, access, "bc/pixel/link/update/", body, responses.Nothing, keep)


async def pixels(
    wire: Wire, access: Access, *, account_id: str, keep: Keep, code: str | None = None
) -> list[responses.PixelRow]:
    """`GET /pixel/list/` (yml_files/pixel_list.yml of TikTok's SDK): all pixels of an ad account, or the one with a
    code.
    """
    query = {"advertiser_id": account_id, "page_size": PIXELS_PAGE_SIZE, **({"code": code} if code else {})}
    return await every(
        lambda page: get(
            wire, access, "pixel/list/", {**query, "page": page}, responses.PageOf[responses.PixelRow], keep
        )
    )


async def event_stats(
    wire: Wire, access: Access, *, account_id: str, number: str, first: date, last: date, keep: Keep
) -> responses.PixelStats:
    """`GET /pixel/event/stats/` (yml_files/pixel_event_stats.yml of TikTok's SDK): whole UTC days, at most 30."""
    query = {
        "advertiser_id": account_id, "pixel_ids": [number],
        "date_range": {"start_date": first.isoformat(), "end_date": last.isoformat()},
    }  # fmt: skip
    return await get(wire, access, "pixel/event/stats/", query, responses.PixelStats, keep)
