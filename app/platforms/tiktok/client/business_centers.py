"""Business Centers, their assets, and their activity log."""

from datetime import date
from typing import Literal

from app.platforms.port import Access, Keep
from app.platforms.tiktok import responses
from app.platforms.tiktok.client.paging import every
from app.platforms.tiktok.client.requests import Wire, get

PAGE_SIZE = 50


async def business_centers(wire: Wire, access: Access, keep: Keep) -> list[responses.BcRow]:
    """`GET /bc/get/` (portal/docs?id=1737115687501826)."""
    return await every(
        lambda page: get(
            wire, access, "bc/get/", {"page": page, "page_size": PAGE_SIZE}, responses.PageOf[responses.BcRow], keep
        )
    )


async def assets(
    wire: Wire, access: Access, *, bc_id: str, asset_type: Literal["ADVERTISER", "PIXEL"], keep: Keep
) -> list[responses.AdminAsset]:
    """`GET /bc/asset/admin/get/` (portal/docs?id=1739433007779841): all assets of one type, for an Admin."""
    query = {"bc_id": bc_id, "asset_type": asset_type, "page_size": PAGE_SIZE}
    return await every(
        lambda page: get(
            wire, access, "bc/asset/admin/get/", {**query, "page": page}, responses.PageOf[responses.AdminAsset], keep
        )
    )


async def change_log(
    wire: Wire, access: Access, *, bc_id: str, first: date, last: date, keep: Keep
) -> list[responses.ChangeRow]:
    """`GET /changelog/get/` (portal/docs/api-reference/v1.3): activities on accounts; the newest page only."""
    query = {
        "bc_id": bc_id, "page": 1, "page_size": PAGE_SIZE, "sort_field": "operation_time", "sort_type": "DESC",
        "filtering": {"start_date": first.isoformat(), "end_date": last.isoformat(), "activity_type": "ACCOUNT"},
    }  # fmt: skip
    return (await get(wire, access, "changelog/get/", query, responses.ChangeLog, keep)).changelog_list
