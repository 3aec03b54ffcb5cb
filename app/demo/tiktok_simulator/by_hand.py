"""What people do in the Business Center's own pages, without our API: share, remove, approve."""

from collections.abc import Sequence

from app.demo.tiktok_simulator.model import AdvertiserRole
from app.demo.tiktok_simulator.sharing import Share, ShareOutcome
from app.demo.tiktok_simulator.simulator import Simulator


class NotPossible(Exception):
    """Why the pages would not let a person do this; the text is for that person."""


def share(
    simulator: Simulator, bc_id: str, partner_id: str, asset_ids: Sequence[str], role: AdvertiserRole
) -> ShareOutcome:
    """Add a partner and share ad accounts with it; without any, only the partnership is made."""
    world = simulator.world
    if bc_id not in world.business_centers or partner_id not in world.business_centers:
        raise NotPossible("There is no Business Center with this ID.")
    if bc_id == partner_id:
        raise NotPossible("A Business Center cannot be its own partner.")
    for asset_id in asset_ids:
        asset = world.assets.get(asset_id)
        if asset is None or asset.owner_bc_id != bc_id:
            raise NotPossible(f"{asset_id} does not belong to this Business Center.")
    shares = [Share(bc_id, partner_id, key, world.assets[key].asset_type, role) for key in asset_ids]
    return simulator.share(bc_id, partner_id, shares)


def remove(simulator: Simulator, bc_id: str, partner_id: str, asset_ids: Sequence[str] | None) -> int:
    """Stop sharing some assets with a partner, or all of them; says how many that were."""
    if asset_ids is None:
        asset_ids = [given.asset_id for given in simulator.world.sharing.given(bc_id, partner_id)]
    return simulator.world.sharing.unshare(simulator.clock(), bc_id, partner_id, asset_ids)


def approve(simulator: Simulator, bc_id: str, partner_id: str) -> bool:
    """`bc_id` accepts the partnership `partner_id` asked for; False when nothing was waiting."""
    return simulator.world.sharing.approve(simulator.clock(), bc_id, partner_id)
