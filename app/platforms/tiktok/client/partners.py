"""Partners of a Business Center and the assets shared with them."""

from collections.abc import Sequence
from typing import Literal, TypeVar

from app.platforms.port import Access, Keep
from app.platforms.tiktok import responses
from app.platforms.tiktok.client.paging import every
from app.platforms.tiktok.client.requests import Wire, get, post

PAGE_SIZE = 50
Share = TypeVar("Share", bound=responses.SharedAsset)


async def partners(wire: Wire, access: Access, *, bc_id: str, keep: Keep) -> list[responses.PartnerRow]:
    """`GET /bc/partner/get/` (yml_files/bc_partner_get.yml of TikTok's SDK)."""
    query = {"bc_id": bc_id, "page_size": PAGE_SIZE}
    return await every(
        lambda page: get(
            wire, access, "bc/partner/get/", {**query, "page": page}, responses.PageOf[responses.PartnerRow], keep
        )
    )


async def partner_assets(
    wire: Wire,
    access: Access,
    *,
    bc_id: str,
    partner_id: str,
    share_type: Literal["SHARED", "SHARING"],
    shape: type[Share],
    keep: Keep,
) -> list[Share]:
    """`GET /bc/partner/asset/get/` (portal/docs?id=1739662828320769): SHARED from partner, SHARING to partner.

    The row schema determines the requested asset type.
    """
    query = {
        "bc_id": bc_id, "partner_id": partner_id, "asset_type": shape.ASSET_TYPE, "share_type": share_type,
        "page_size": PAGE_SIZE,
    }  # fmt: skip
    return await every(
        lambda page: get(wire, access, "bc/partner/asset/get/", {**query, "page": page}, responses.PageOf[shape], keep)  # type: ignore[valid-type]  # known when called
    )


async def add_partner(
    wire: Wire, access: Access, *, bc_id: str, partner_id: str, asset_ids: Sequence[str], role: str, keep: Keep
) -> None:
    """`POST /bc/partner/add/` (portal/docs?id=1739662756510721): at most 50 ids of one role; OK means recorded."""
    body = {
        "bc_id": bc_id, "partner_id": partner_id, "asset_type": "ADVERTISER", "asset_ids": list(asset_ids),
        "advertiser_role": role,
    }  # fmt: skip
    await post(wire, access, "bc/partner/add/", body, responses.Nothing, keep)


async def delete_assets(
    wire: Wire, access: Access, *, bc_id: str, partner_id: str, asset_type: str, asset_ids: Sequence[str], keep: Keep
) -> None:
    """`POST /bc/partner/asset/delete/` (yml_files/bc_partner_asset_delete.yml of TikTok's SDK)."""
    body = {"bc_id": bc_id, "partner_id": partner_id, "asset_type": asset_type, "asset_ids": list(asset_ids)}
    await post(wire, access, "bc/partner/asset/delete/", body, responses.Nothing, keep)
