"""Changes between Business Centers, after all checks; the log is written here.

`by` is the person who made the change; None if unknown.
"""

from collections.abc import Iterable, Sequence

from simulator.changes.words import activity_type, asset_words, center_words, role_words
from simulator.sharing import Share, ShareOutcome
from simulator.simulator import Simulator


def share(simulator: Simulator, by: str | None, bc_id: str, partner_id: str, shares: Sequence[Share]) -> ShareOutcome:
    """Make two Business Centers partners where they are not, and share."""
    now, sharing = simulator.clock(), simulator.world.sharing
    if sharing.partnership(bc_id, partner_id) is None:
        simulator.note(bc_id, by, "BUSINESS", f"Added {center_words(simulator.world.business_centers[partner_id])}")
    sharing.befriend(now, bc_id, partner_id, needs_approval=simulator.switches.partner_approval)
    before = [sharing.share_of(bc_id, partner_id, wanted.asset_id) for wanted in shares]
    outcome = sharing.share(now, shares)
    for wanted, known in zip(shares, before, strict=True):
        if known is None:
            _note(simulator, by, wanted, f"Shared {{asset}} with {{partner}}{role_words(wanted.role)}")
        elif sharing.share_of(bc_id, partner_id, wanted.asset_id) != known:
            _note(simulator, by, wanted, f"Changed the role of {{partner}} on {{asset}}{role_words(wanted.role)}")
    return outcome


def unshare(simulator: Simulator, by: str | None, bc_id: str, partner_id: str, asset_ids: Iterable[str]) -> int:
    """Take assets away from a partner, and with them from its members; says how many there were to take."""
    sharing = simulator.world.sharing
    gone = [known for asset_id in set(asset_ids) if (known := sharing.share_of(bc_id, partner_id, asset_id))]
    for known in gone:
        _note(simulator, by, known, "Cancelled sharing {asset} with {partner}")
        simulator.world.assets[known.asset_id].assigned.pop(partner_id, None)
    return sharing.unshare(simulator.clock(), bc_id, partner_id, [known.asset_id for known in gone])


def part(simulator: Simulator, by: str | None, bc_id: str, partner_id: str) -> bool:
    """End a partnership with all that was shared in either direction; False when there was none."""
    world = simulator.world
    if world.sharing.partnership(bc_id, partner_id) is None:
        return False
    for giver, taker in ((bc_id, partner_id), (partner_id, bc_id)):
        unshare(simulator, by, giver, taker, [given.asset_id for given in world.sharing.given(giver, taker)])
    simulator.note(bc_id, by, "BUSINESS", f"Removed {center_words(world.business_centers[partner_id])}")
    simulator.note(partner_id, by, "BUSINESS", f"Removed by {center_words(world.business_centers[bc_id])}")
    return world.sharing.part(simulator.clock(), bc_id, partner_id)


def approve(simulator: Simulator, by: str | None, bc_id: str, partner_id: str) -> bool:
    """`bc_id` accepts the partnership `partner_id` asked for; False when nothing was waiting."""
    if not simulator.world.sharing.approve(simulator.clock(), bc_id, partner_id):
        return False
    simulator.note(bc_id, by, "BUSINESS", f"Approved {center_words(simulator.world.business_centers[partner_id])}")
    return True


def _note(simulator: Simulator, by: str | None, share: Share, text: str) -> None:
    """In the log of the owner, and in that of the partner as soon as it sees the partnership."""
    world = simulator.world
    asset, owner = world.assets[share.asset_id], world.business_centers[share.bc_id]
    partner = world.business_centers[share.partner_id]
    told = text.format(asset=asset_words(asset), partner=center_words(partner))
    simulator.note(share.bc_id, by, activity_type(asset), told)
    known = world.sharing.partnership(share.bc_id, share.partner_id)
    if known and known.visible_to(share.partner_id):
        simulator.note(
            share.partner_id, by or owner.some_admin(), activity_type(asset), f"{center_words(owner)}: {told}"
        )
