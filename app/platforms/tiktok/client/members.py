"""Members of a Business Center, and their access to ad accounts."""

from collections.abc import Sequence

from app.platforms.port import Access, Keep
from app.platforms.tiktok import responses
from app.platforms.tiktok.client.paging import every
from app.platforms.tiktok.client.requests import Wire, get, post

#: Smaller than the page size of other Business Center lists.
PAGE_SIZE = 20


async def members(wire: Wire, access: Access, *, bc_id: str, keep: Keep) -> list[responses.MemberRow]:
    """`GET /bc/member/get/` (yml_files/bc_member_get.yml of TikTok's SDK): invited people are PENDING and
    have no id.
    """
    query = {"bc_id": bc_id, "page_size": PAGE_SIZE}
    return await every(
        lambda page: get(
            wire, access, "bc/member/get/", {**query, "page": page}, responses.PageOf[responses.MemberRow], keep
        )
    )


async def invite(
    wire: Wire, access: Access, *, bc_id: str, email: str, account_ids: Sequence[str], role: str, keep: Keep
) -> None:
    """`POST /bc/member/invite/` (yml_files/bc_member_invite.yml of TikTok's SDK): ignores people already invited."""
    body = {
        "bc_id": bc_id, "emails": [email], "user_role": "STANDARD", "asset_ids": list(account_ids),
        "advertiser_role": role,
    }  # fmt: skip
    await post(wire, access, "bc/member/invite/", body, responses.Nothing, keep)


async def delete_member(wire: Wire, access: Access, *, bc_id: str, user_id: str, email: str, keep: Keep) -> None:
    """`POST /bc/member/delete/` (yml_files/bc_member_delete.yml of TikTok's SDK); an invitation by its
    e-mail address.
    """
    whom = {"user_id": user_id} if user_id else {"user_email": email}
    await post(wire, access, "bc/member/delete/", {"bc_id": bc_id, **whom}, responses.Nothing, keep)


async def holders(wire: Wire, access: Access, *, bc_id: str, account_id: str, keep: Keep) -> list[responses.HolderRow]:
    """`GET /bc/asset/member/get/` (yml_files/bc_asset_member_get.yml of TikTok's SDK)."""
    query = {"bc_id": bc_id, "asset_type": "ADVERTISER", "asset_id": account_id, "page_size": PAGE_SIZE}
    return await every(
        lambda page: get(
            wire, access, "bc/asset/member/get/", {**query, "page": page}, responses.PageOf[responses.HolderRow], keep
        )
    )


async def assign(
    wire: Wire, access: Access, *, bc_id: str, user_id: str, account_id: str, role: str, keep: Keep
) -> None:
    """`POST /bc/asset/assign/` (yml_files/bc_asset_assign.yml of TikTok's SDK), within one Business Center."""
    body = {**_held(bc_id, user_id, account_id), "advertiser_role": role}
    await post(wire, access, "bc/asset/assign/", body, responses.Nothing, keep)


async def unassign(wire: Wire, access: Access, *, bc_id: str, user_id: str, account_id: str, keep: Keep) -> None:
    """`POST /bc/asset/unassign/` (yml_files/bc_asset_unassign.yml of TikTok's SDK)."""
    await post(wire, access, "bc/asset/unassign/", _held(bc_id, user_id, account_id), responses.Nothing, keep)


def _held(bc_id: str, user_id: str, account_id: str) -> dict[str, str]:
    return {"bc_id": bc_id, "user_id": user_id, "asset_type": "ADVERTISER", "asset_id": account_id}
