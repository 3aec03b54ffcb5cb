"""Changes that people make on the Business Center's own pages: share, remove, change roles, approve.

`by` is the person who makes the change; None means one of the Business Center's admins.
"""

from collections.abc import Mapping, Sequence

from simulator.changes import members
from simulator.changes import partners as changes
from simulator.models import AssetType, Role, roles_on
from simulator.sharing import Share, ShareOutcome
from simulator.simulator import Simulator


class NotPossible(Exception):
    """The pages refuse this change; the text is for the person."""


def share(
    simulator: Simulator,
    bc_id: str,
    partner_id: str,
    asset_ids: Sequence[str],
    roles: Mapping[AssetType, Role],
    *,
    by: str | None = None,
) -> ShareOutcome:
    """Add a partner and share assets of any type with it; without any, only the partnership is made.

    `roles` by type of asset; the smallest there is where none is given.
    """
    world = simulator.world
    if bc_id not in world.business_centers or partner_id not in world.business_centers:
        raise NotPossible("There is no Business Center with this ID.")
    if bc_id == partner_id:
        raise NotPossible("A Business Center cannot be its own partner.")
    for asset_id in asset_ids:
        asset = world.assets.get(asset_id)
        if asset is None or asset.owner_bc_id != bc_id:
            raise NotPossible(f"{asset_id} does not belong to this Business Center.")
    assets = [world.assets[key] for key in asset_ids]
    shares = [
        Share(
            bc_id, partner_id, each.asset_id, each.asset_type, roles.get(each.asset_type, roles_on(each.asset_type)[0])
        )
        for each in assets
    ]
    return changes.share(simulator, by, bc_id, partner_id, shares)


def change_role(
    simulator: Simulator, bc_id: str, partner_id: str, asset_ids: Sequence[str], role: Role, *, by: str | None = None
) -> ShareOutcome:
    """Give a partner another role on what it has; a smaller one by removing and sharing again, as people have to."""
    sharing = simulator.world.sharing
    for asset_id in asset_ids:
        known = sharing.share_of(bc_id, partner_id, asset_id)
        if known is None:
            raise NotPossible(f"{asset_id} is not shared with this partner.")
        order = roles_on(known.asset_type)
        if role not in order:
            raise NotPossible(f"There is no role {role} on {asset_id}.")
        if order.index(role) < order.index(known.role):
            changes.unshare(simulator, by, bc_id, partner_id, [asset_id])
    types = {simulator.world.assets[asset_id].asset_type for asset_id in asset_ids}
    return share(simulator, bc_id, partner_id, asset_ids, dict.fromkeys(types, role), by=by)


def remove(
    simulator: Simulator, bc_id: str, partner_id: str, asset_ids: Sequence[str] | None, *, by: str | None = None
) -> int:
    """Stop sharing some assets with a partner, or all of them; says how many that were."""
    if asset_ids is None:
        asset_ids = [given.asset_id for given in simulator.world.sharing.given(bc_id, partner_id)]
    return changes.unshare(simulator, by, bc_id, partner_id, asset_ids)


def part(simulator: Simulator, bc_id: str, partner_id: str, *, by: str | None = None) -> bool:
    """End the partnership with all that was shared; False when there was none."""
    return changes.part(simulator, by, bc_id, partner_id)


def answer_invitation(simulator: Simulator, bc_id: str, email: str, *, accept: bool) -> bool:
    """Press Accept or Reject in the invitation e-mail; False when no invitation is waiting."""
    if accept:
        return members.accept(simulator, bc_id, email) is not None
    return members.reject(simulator, bc_id, email)


def approve(simulator: Simulator, bc_id: str, partner_id: str, *, by: str | None = None) -> bool:
    """`bc_id` accepts the partnership `partner_id` asked for; False when nothing was waiting."""
    return changes.approve(simulator, by, bc_id, partner_id)
