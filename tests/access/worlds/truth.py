"""What is true in the simulated world, told without Keyturn: its own lists of shares, links and members."""

from collections.abc import Mapping
from typing import Any

from app.demo.tiktok_simulator import seed
from app.links.model import Ask

World = Mapping[str, Any]


def agency_sees(world: World, ask: Ask, bc_id: str) -> str | None:
    """The role the agency's own Business Center shows of what is asked."""
    return _role(world, ask, bc_id, "visible_to_partner")


def client_sees(world: World, ask: Ask, bc_id: str) -> str | None:
    """The role the client's Business Center shows of it."""
    return _role(world, ask, bc_id, "visible_to_owner")


def _role(world: World, ask: Ask, bc_id: str, side: str) -> str | None:
    if ask.kind == "person":
        return _member(world, ask, bc_id)
    if ask.kind != "pixel":
        return _shared(world, str(ask.asset_id), bc_id, side)
    linked: list[str] = next(
        (each["advertiser_ids"] for each in world["pixels"] if each["pixel_code"] == ask.asset_id), []
    )
    is_there = ask.through_id in linked and _shared(world, str(ask.through_id), bc_id, side)
    return "LINK" if is_there else None


def _shared(world: World, asset_id: str, bc_id: str, side: str) -> str | None:
    for share in world["shares"]:
        if (share["bc_id"], share["partner_id"], share["asset_id"]) == (bc_id, seed.NORTH_AGENCY, asset_id):
            return str(share["role"]) if share[side] else None
    return None


def _member(world: World, ask: Ask, bc_id: str) -> str | None:
    """The role on the ad accounts of a standard member; ADMIN of an admin. Both sides see the same."""
    number = next((each["person_id"] for each in world["persons"] if each["email"] == ask.person_email), None)
    center = next(each for each in world["business_centers"] if each["bc_id"] == bc_id)
    member = center["members"].get(number)
    if member is None:
        return None
    return "ADMIN" if member["role"] == "ADMIN" else ask.role
