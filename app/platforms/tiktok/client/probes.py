"""One small page of each list that Keyturn reads, to check permission and schema."""

from datetime import date
from typing import Any, TypeVar

from app.platforms.port import Access, Keep
from app.platforms.tiktok import responses
from app.platforms.tiktok.client.requests import Wire, get

#: Business Centers are searched by id in this many rows; for other lists a few rows are enough.
MOST_CENTERS, FEW = 50, 10
Row = TypeVar("Row", bound=responses.Shape)


async def business_centers(wire: Wire, access: Access, keep: Keep) -> list[responses.BcRow]:
    """`GET /bc/get/`."""
    return await _first(wire, access, "bc/get/", {}, responses.BcRow, keep, size=MOST_CENTERS)


async def ad_accounts(wire: Wire, access: Access, bc_id: str, keep: Keep) -> list[responses.AdminAsset]:
    """`GET /bc/asset/admin/get/`."""
    query = {"bc_id": bc_id, "asset_type": "ADVERTISER"}
    return await _first(wire, access, "bc/asset/admin/get/", query, responses.AdminAsset, keep)


async def partners(wire: Wire, access: Access, bc_id: str, keep: Keep) -> list[responses.PartnerRow]:
    """`GET /bc/partner/get/`."""
    return await _first(wire, access, "bc/partner/get/", {"bc_id": bc_id}, responses.PartnerRow, keep)


async def shared_to(
    wire: Wire, access: Access, bc_id: str, partner_id: str, keep: Keep
) -> list[responses.SharedAdvertiser]:
    """`GET /bc/partner/asset/get/`, assets that the partner shares."""
    query = {"bc_id": bc_id, "partner_id": partner_id, "asset_type": "ADVERTISER", "share_type": "SHARED"}
    return await _first(wire, access, "bc/partner/asset/get/", query, responses.SharedAdvertiser, keep)


async def pixels(wire: Wire, access: Access, account_id: str, keep: Keep) -> list[responses.PixelRow]:
    """`GET /pixel/list/`."""
    return await _first(wire, access, "pixel/list/", {"advertiser_id": account_id}, responses.PixelRow, keep)


async def members(wire: Wire, access: Access, bc_id: str, keep: Keep) -> list[responses.MemberRow]:
    """`GET /bc/member/get/`."""
    return await _first(wire, access, "bc/member/get/", {"bc_id": bc_id}, responses.MemberRow, keep)


async def holders(wire: Wire, access: Access, bc_id: str, account_id: str, keep: Keep) -> list[responses.HolderRow]:
    """`GET /bc/asset/member/get/`."""
    query = {"bc_id": bc_id, "asset_type": "ADVERTISER", "asset_id": account_id}
    return await _first(wire, access, "bc/asset/member/get/", query, responses.HolderRow, keep)


async def changes(wire: Wire, access: Access, bc_id: str, today: date, keep: Keep) -> list[responses.ChangeRow]:
    """`GET /changelog/get/`, today's."""
    query = {
        "bc_id": bc_id, "page": 1, "page_size": FEW,
        "filtering": {"start_date": today.isoformat(), "end_date": today.isoformat(), "activity_type": "ACCOUNT"},
    }  # fmt: skip
    return (await get(wire, access, "changelog/get/", query, responses.ChangeLog, keep)).changelog_list


async def _first(
    wire: Wire,
    access: Access,
    path: str,
    query: dict[str, Any],
    row: type[Row],
    keep: Keep,
    *,
    size: int = FEW,
) -> list[Row]:
    page = {**query, "page": 1, "page_size": size}
    return (await get(wire, access, path, page, responses.PageOf[row], keep)).rows  # type: ignore[valid-type]  # known when called
