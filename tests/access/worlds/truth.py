"""State of the simulated world, read without Keyturn: its own lists of shares, links, members and events."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from app.links.models import AccessRequest
from app.platforms.port import EVENTS_WITHIN
from simulator import seed

World = Mapping[str, Any]


def in_force(
    world: World, access_requests: Sequence[AccessRequest], access_request: AccessRequest, account_id: str
) -> str | None:
    """The role the agency has of what is asked, as TikTok keeps it; `access_requests` are all of the link."""
    if access_request.kind == "person":
        return _member(world, access_requests, access_request, account_id)
    if access_request.kind != "pixel":
        return _shared(world, str(access_request.asset_id), account_id)
    linked = (_pixel(world, access_request) or {"advertiser_ids": []})["advertiser_ids"]
    is_there = access_request.parent_asset_id in linked and _shared(
        world, str(access_request.parent_asset_id), account_id
    )
    return "LINK" if is_there else None


def is_busy(world: World, access_request: AccessRequest) -> bool:
    """True if events reached the pixel recently."""
    counts = (_pixel(world, access_request) or {"events": {}})["events"].values()
    lately = [each for each in counts if timedelta(days=each["days_ago"]) <= EVENTS_WITHIN]
    return any(each["browser"] + each["server"] for each in lately)


def _pixel(world: World, access_request: AccessRequest) -> Mapping[str, Any] | None:
    return next((each for each in world["pixels"] if each["pixel_code"] == access_request.asset_id), None)


def _shared(world: World, asset_id: str, account_id: str) -> str | None:
    for share in world["shares"]:
        if (share["bc_id"], share["partner_id"], share["asset_id"]) == (account_id, seed.NORTH_AGENCY, asset_id):
            return str(share["role"]) if share["visible_to_partner"] else None
    return None


def _member(
    world: World, access_requests: Sequence[AccessRequest], access_request: AccessRequest, account_id: str
) -> str | None:
    """The one role a standard member has on every ad account agreed to; ADMIN of an Admin, who has all."""
    number = next(
        (each["person_id"] for each in world["persons"] if each["email"] == access_request.person_email), None
    )
    center = next(each for each in world["business_centers"] if each["bc_id"] == account_id)
    member = center["members"].get(number)
    if member is None or member["role"] == "ADMIN":
        return "ADMIN" if member else None
    agreed = {each.asset_id for each in access_requests if each.kind == "ad_account" and each.approved_at}
    held = {each["asset_id"]: each["assigned"].get(account_id, {}).get(number) for each in world["ad_accounts"]}
    roles = {held.get(account_id) for account_id in agreed} or {
        access_request.role
    }  # being there is all that was asked for
    return roles.pop() if len(roles) == 1 else None
