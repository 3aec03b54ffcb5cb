"""Operations of TikTok's API for Business v1.3: one function each, with the page that documents it.

`portal/docs` is below https://business-api.tiktok.com, `yml_files` in TikTok's SDK. Operations below `/bc/pixel/` and
`/pixel/list/` identify pixels by code, those below `/pixel/event/` by number.
"""

from collections.abc import Sequence
from datetime import date
from typing import Literal, TypeVar

from app.platforms.port import Access, App, Priority, RecordCall
from app.platforms.tiktok import responses
from app.platforms.tiktok.client import Wire, all_pages, get, post, post_as_app

PAGE_SIZE = 50
#: Lists of pixels and members have smaller pages than the others.
PIXELS_PAGE_SIZE = 20
MEMBERS_PAGE_SIZE = 20
#: Maximum number of ids per call of `advertiser/info/`.
MOST_ADVERTISERS = 100
_FIELDS = ["advertiser_id", "status", "currency", "timezone", "country"]
Share = TypeVar("Share", bound=responses.SharedAsset)


async def access_token(wire: Wire, app: App, auth_code: str, record: RecordCall) -> responses.AccessToken:
    """`POST /oauth2/access_token/` (portal/docs?id=1739965703387137): a code works once, for an hour."""
    secrets = {"auth_code": auth_code}
    return await post_as_app(
        wire, app, "oauth2/access_token/", secrets, responses.AccessToken, record, priority=Priority.INTERACTIVE
    )


async def revoke_token(wire: Wire, app: App, token: str, record: RecordCall) -> None:
    """`POST /oauth2/revoke_token/` (portal/docs?id=1739965723304961)."""
    secrets = {"access_token": token}
    await post_as_app(
        wire, app, "oauth2/revoke_token/", secrets, responses.Nothing, record, priority=Priority.HANDSHAKE, token=token
    )


async def advertisers(wire: Wire, app: App, access: Access, record: RecordCall) -> responses.Advertisers:
    """`GET /oauth2/advertiser/get/` (portal/docs?id=1738455508553729): the accounts that the person ticked."""
    return await get(wire, access, "oauth2/advertiser/get/", {}, responses.Advertisers, record, app=app)


async def user_info(wire: Wire, access: Access, record: RecordCall) -> responses.UserInfo:
    """`GET /user/info/` (portal/docs?id=1739665513181185): the person who authorized."""
    return await get(wire, access, "user/info/", {}, responses.UserInfo, record)


async def advertiser_info(
    wire: Wire, access: Access, advertiser_ids: Sequence[str], record: RecordCall
) -> responses.AdvertiserInfos:
    """`GET /advertiser/info/` (yml_files/advertiser_info.yml of TikTok's SDK): at most 100 ids; without the balance."""
    query = {"advertiser_ids": list(advertiser_ids), "fields": _FIELDS}
    return await get(wire, access, "advertiser/info/", query, responses.AdvertiserInfos, record)


async def business_centers(wire: Wire, access: Access, record: RecordCall) -> list[responses.BcRow]:
    """`GET /bc/get/` (portal/docs?id=1737115687501826)."""
    return await all_pages(
        lambda page: get(
            wire, access, "bc/get/", {"page": page, "page_size": PAGE_SIZE}, responses.PageOf[responses.BcRow], record
        )
    )


async def admin_assets(
    wire: Wire, access: Access, *, bc_id: str, asset_type: Literal["ADVERTISER", "PIXEL"], record: RecordCall
) -> list[responses.AdminAsset]:
    """`GET /bc/asset/admin/get/` (portal/docs?id=1739433007779841): all assets of one type, for an Admin."""
    query = {"bc_id": bc_id, "asset_type": asset_type, "page_size": PAGE_SIZE}
    return await all_pages(
        lambda page: get(
            wire, access, "bc/asset/admin/get/", {**query, "page": page}, responses.PageOf[responses.AdminAsset], record
        )
    )


async def partners(wire: Wire, access: Access, *, bc_id: str, record: RecordCall) -> list[responses.PartnerRow]:
    """`GET /bc/partner/get/` (yml_files/bc_partner_get.yml of TikTok's SDK)."""
    query = {"bc_id": bc_id, "page_size": PAGE_SIZE}
    return await all_pages(
        lambda page: get(
            wire, access, "bc/partner/get/", {**query, "page": page}, responses.PageOf[responses.PartnerRow], record
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
    record: RecordCall,
) -> list[Share]:
    """`GET /bc/partner/asset/get/` (portal/docs?id=1739662828320769): SHARED from partner, SHARING to partner.

    The row schema determines the requested asset type.
    """
    query = {
        "bc_id": bc_id, "partner_id": partner_id, "asset_type": shape.ASSET_TYPE, "share_type": share_type,
        "page_size": PAGE_SIZE,
    }  # fmt: skip
    rows = responses.PageOf[shape]  # type: ignore[valid-type]  # known when called
    return await all_pages(
        lambda page: get(wire, access, "bc/partner/asset/get/", {**query, "page": page}, rows, record)
    )


async def add_partner(
    wire: Wire, access: Access, *, bc_id: str, partner_id: str, asset_ids: Sequence[str], role: str, record: RecordCall
) -> None:
    """`POST /bc/partner/add/` (portal/docs?id=1739662756510721): at most 50 ids of one role; OK means recorded."""
    body = {
        "bc_id": bc_id, "partner_id": partner_id, "asset_type": "ADVERTISER", "asset_ids": list(asset_ids),
        "advertiser_role": role,
    }  # fmt: skip
    await post(wire, access, "bc/partner/add/", body, responses.Nothing, record)


async def delete_partner_assets(
    wire: Wire,
    access: Access,
    *,
    bc_id: str,
    partner_id: str,
    asset_type: str,
    asset_ids: Sequence[str],
    record: RecordCall,
) -> None:
    """`POST /bc/partner/asset/delete/` (yml_files/bc_partner_asset_delete.yml of TikTok's SDK)."""
    body = {"bc_id": bc_id, "partner_id": partner_id, "asset_type": asset_type, "asset_ids": list(asset_ids)}
    await post(wire, access, "bc/partner/asset/delete/", body, responses.Nothing, record)


async def pixel_links(
    wire: Wire, access: Access, *, bc_id: str, code: str, record: RecordCall
) -> list[responses.PixelLink]:
    """`GET /bc/pixel/link/get/` (yml_files/bc_pixel_link_get.yml of TikTok's SDK).

    It sometimes refuses Admins with 40002 and a message about the asset: then use the ad accounts' own lists.
    """
    query = {"bc_id": bc_id, "pixel_code": code, "page_size": PAGE_SIZE}
    return await all_pages(
        lambda page: get(
            wire, access, "bc/pixel/link/get/", {**query, "page": page}, responses.PageOf[responses.PixelLink], record
        )
    )


async def update_pixel_links(
    wire: Wire, access: Access, *, bc_id: str, code: str, account_ids: Sequence[str], link: bool, record: RecordCall
) -> None:
    """`POST /bc/pixel/link/update/` (yml_files/bc_pixel_link_update.yml of TikTok's SDK): at most 100 ad accounts."""
    body = {
        "bc_id": bc_id, "pixel_code": code, "advertiser_ids": list(account_ids),
        "relation_status": "LINK" if link else "UNLINK",
    }  # fmt: skip
    await post(wire, access, "bc/pixel/link/update/", body, responses.Nothing, record)


async def pixels(
    wire: Wire, access: Access, *, account_id: str, record: RecordCall, code: str | None = None
) -> list[responses.PixelRow]:
    """`GET /pixel/list/` (yml_files/pixel_list.yml of TikTok's SDK): pixels of an ad account; `code`: this one only."""
    query = {"advertiser_id": account_id, "page_size": PIXELS_PAGE_SIZE, **({"code": code} if code else {})}
    return await all_pages(
        lambda page: get(
            wire, access, "pixel/list/", {**query, "page": page}, responses.PageOf[responses.PixelRow], record
        )
    )


async def event_stats(
    wire: Wire, access: Access, *, account_id: str, number: str, first: date, last: date, record: RecordCall
) -> responses.PixelStats:
    """`GET /pixel/event/stats/` (yml_files/pixel_event_stats.yml of TikTok's SDK): whole UTC days, at most 30."""
    query = {
        "advertiser_id": account_id, "pixel_ids": [number],
        "date_range": {"start_date": first.isoformat(), "end_date": last.isoformat()},
    }  # fmt: skip
    return await get(wire, access, "pixel/event/stats/", query, responses.PixelStats, record)


async def members(wire: Wire, access: Access, *, bc_id: str, record: RecordCall) -> list[responses.MemberRow]:
    """`GET /bc/member/get/` (yml_files/bc_member_get.yml of TikTok's SDK): invited people are PENDING, without id."""
    query = {"bc_id": bc_id, "page_size": MEMBERS_PAGE_SIZE}
    return await all_pages(
        lambda page: get(
            wire, access, "bc/member/get/", {**query, "page": page}, responses.PageOf[responses.MemberRow], record
        )
    )


async def invite_member(
    wire: Wire, access: Access, *, bc_id: str, email: str, account_ids: Sequence[str], role: str, record: RecordCall
) -> None:
    """`POST /bc/member/invite/` (yml_files/bc_member_invite.yml of TikTok's SDK): ignores people already invited."""
    body = {
        "bc_id": bc_id, "emails": [email], "user_role": "STANDARD", "asset_ids": list(account_ids),
        "advertiser_role": role,
    }  # fmt: skip
    await post(wire, access, "bc/member/invite/", body, responses.Nothing, record)


async def delete_member(
    wire: Wire, access: Access, *, bc_id: str, user_id: str, email: str, record: RecordCall
) -> None:
    """`POST /bc/member/delete/` (yml_files/bc_member_delete.yml of TikTok's SDK); an invitation by e-mail address."""
    member = {"user_id": user_id} if user_id else {"user_email": email}
    await post(wire, access, "bc/member/delete/", {"bc_id": bc_id, **member}, responses.Nothing, record)


async def holders(
    wire: Wire, access: Access, *, bc_id: str, account_id: str, record: RecordCall
) -> list[responses.HolderRow]:
    """`GET /bc/asset/member/get/` (yml_files/bc_asset_member_get.yml of TikTok's SDK)."""
    query = {"bc_id": bc_id, "asset_type": "ADVERTISER", "asset_id": account_id, "page_size": MEMBERS_PAGE_SIZE}
    return await all_pages(
        lambda page: get(
            wire, access, "bc/asset/member/get/", {**query, "page": page}, responses.PageOf[responses.HolderRow], record
        )
    )


async def assign(
    wire: Wire, access: Access, *, bc_id: str, user_id: str, account_id: str, role: str, record: RecordCall
) -> None:
    """`POST /bc/asset/assign/` (yml_files/bc_asset_assign.yml of TikTok's SDK), within one Business Center."""
    body = {**_assignment(bc_id, user_id, account_id), "advertiser_role": role}
    await post(wire, access, "bc/asset/assign/", body, responses.Nothing, record)


async def unassign(
    wire: Wire, access: Access, *, bc_id: str, user_id: str, account_id: str, record: RecordCall
) -> None:
    """`POST /bc/asset/unassign/` (yml_files/bc_asset_unassign.yml of TikTok's SDK)."""
    await post(wire, access, "bc/asset/unassign/", _assignment(bc_id, user_id, account_id), responses.Nothing, record)


def _assignment(bc_id: str, user_id: str, account_id: str) -> dict[str, str]:
    return {"bc_id": bc_id, "user_id": user_id, "asset_type": "ADVERTISER", "asset_id": account_id}


async def change_log(
    wire: Wire, access: Access, *, bc_id: str, first: date, last: date, record: RecordCall
) -> list[responses.ChangeRow]:
    """`GET /changelog/get/` (portal/docs/api-reference/v1.3): activities on accounts; the newest page only."""
    query = {
        "bc_id": bc_id, "page": 1, "page_size": PAGE_SIZE, "sort_field": "operation_time", "sort_type": "DESC",
        "filtering": {"start_date": first.isoformat(), "end_date": last.isoformat(), "activity_type": "ACCOUNT"},
    }  # fmt: skip
    return (await get(wire, access, "changelog/get/", query, responses.ChangeLog, record)).changelog_list
