"""The Business Center pages: where a person in the demo shares, removes and approves by hand."""

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from simulator import manual_changes
from simulator.models import (
    ADVERTISER_ROLES,
    CATALOG_ROLES,
    AdvertiserRole,
    Asset,
    AssetType,
    CatalogRole,
    Role,
    roles_on,
)
from simulator.pages.rendering import page
from simulator.sharing import Share
from simulator.simulator import Running, Simulator
from simulator.world import World

router = APIRouter(prefix="/business-center")

KINDS: dict[AssetType, str] = {
    "ADVERTISER": "Ad accounts to share",
    "PIXEL": "Pixels to share",
    "CATALOG": "Catalogs to share",
    "TT_ACCOUNT": "TikTok accounts to share",
}


@router.get("")
def list_business_centers(request: Request, simulator: Running) -> Response:
    return page(request, "business_centers.html", {"centers": simulator.world.business_centers.values()})


@router.get("/{bc_id}")
def show_business_center(request: Request, simulator: Running, bc_id: str) -> Response:
    return _shown(request, simulator, bc_id)


@router.post("/{bc_id}/partners")
def add_partner(
    request: Request,
    simulator: Running,
    bc_id: str,
    partner_id: Annotated[str, Form()] = "",
    asset_ids: Annotated[list[str] | None, Form()] = None,
    advertiser_role: Annotated[AdvertiserRole | None, Form()] = None,
    catalog_role: Annotated[CatalogRole | None, Form()] = None,
) -> Response:
    """Share with a new partner, or share more with a known one. No role is preselected: a person chooses it."""
    chosen: dict[AssetType, Role | None] = {"ADVERTISER": advertiser_role, "CATALOG": catalog_role}
    roles: dict[AssetType, Role] = {kind: role for kind, role in chosen.items() if role is not None}
    try:
        _require_roles(simulator.world, asset_ids or [], chosen)
        manual_changes.share(simulator, bc_id, partner_id.strip(), asset_ids or [], roles)
    except manual_changes.NotPossible as problem:
        return _shown(request, simulator, bc_id, problem=str(problem), typed=partner_id)
    return _again(bc_id)


@router.post("/{bc_id}/roles")
def change_role(
    request: Request,
    simulator: Running,
    bc_id: str,
    partner_id: Annotated[str, Form()],
    asset_id: Annotated[str, Form()],
    role: Annotated[AdvertiserRole | CatalogRole, Form()],
) -> Response:
    """Give a partner another role on an asset that it has."""
    try:
        manual_changes.change_role(simulator, bc_id, partner_id, [asset_id], role)
    except manual_changes.NotPossible as problem:
        return _shown(request, simulator, bc_id, problem=str(problem))
    return _again(bc_id)


@router.post("/{bc_id}/removals")
def remove_share(
    simulator: Running,
    bc_id: str,
    partner_id: Annotated[str, Form()],
    asset_id: Annotated[str, Form()],
) -> Response:
    manual_changes.remove(simulator, bc_id, partner_id, [asset_id])
    return _again(bc_id)


@router.post("/{bc_id}/approvals")
def approve_partner(simulator: Running, bc_id: str, partner_id: Annotated[str, Form()]) -> Response:
    """Doing it twice is no mistake: the second time nothing is waiting."""
    manual_changes.approve(simulator, bc_id, partner_id)
    return _again(bc_id)


@router.post("/{bc_id}/invitation-answers")
def answer_invitation(
    simulator: Running,
    bc_id: str,
    email: Annotated[str, Form()],
    answer: Annotated[Literal["accept", "reject"], Form()],
) -> Response:
    """Answer as the invited person; once answered, nothing is pending."""
    if bc_id in simulator.world.business_centers:
        manual_changes.answer_invitation(simulator, bc_id, email, accept=answer == "accept")
    return _again(bc_id)


def _require_roles(world: World, asset_ids: list[str], chosen: Mapping[AssetType, Role | None]) -> None:
    for asset in (world.assets[key] for key in asset_ids if key in world.assets):
        if asset.asset_type in chosen and chosen[asset.asset_type] is None:
            raise manual_changes.NotPossible(f"Choose a role on {asset.name}.")


def _shown(request: Request, simulator: Simulator, bc_id: str, problem: str | None = None, typed: str = "") -> Response:
    world = simulator.world
    center = world.business_centers.get(bc_id)
    if center is None:
        return page(request, "refused.html", {"problem": "There is no Business Center with this ID."}, 404)
    sharing = world.sharing
    context: dict[str, object] = {
        "center": center,
        "owned": [(title, assets) for kind, title in KINDS.items() if (assets := _of(world.owned(bc_id), kind))],
        "advertiser_roles": ADVERTISER_ROLES,
        "catalog_roles": CATALOG_ROLES,
        "roles_on": roles_on,
        "requests": [
            world.business_centers[known.requester_id]
            for known in sharing.partnerships()
            if known.approver_id == bc_id and not known.approved
        ],
        "partners": [
            {
                "center": world.business_centers[partner_id],
                "given": _named(world, sharing.given(bc_id, partner_id)),
                "received": _named(world, sharing.received(bc_id, partner_id)),
            }
            for partner_id in sharing.partner_ids(bc_id)
        ],
        "members": [
            (world.persons[person_id], member, _assigned(world, bc_id, person_id))
            for person_id, member in center.members.items()
        ],
        "invitations": list(center.invitations.values()),
        "problem": problem,
        "typed": typed,
    }
    return page(request, "business_center.html", context, 400 if problem else 200)


def _assigned(world: World, bc_id: str, person_id: str) -> list[tuple[Asset, Role]]:
    return [
        (asset, role)
        for asset in world.assets.values()
        if (role := asset.assigned.get(bc_id, {}).get(person_id)) is not None
    ]


def _of(assets: list[Asset], kind: AssetType) -> list[Asset]:
    return [asset for asset in assets if asset.asset_type == kind]


def _named(world: World, shares: list[Share]) -> list[tuple[Share, Asset]]:
    return [(share, world.assets[share.asset_id]) for share in shares]


def _again(bc_id: str) -> Response:
    return RedirectResponse(f"/business-center/{bc_id}", 303)
