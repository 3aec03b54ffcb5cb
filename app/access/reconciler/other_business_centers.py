"""Assets whose Business Center was mistyped: the agency's token sees them shared by another of its partners."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.access.handshakes import Handshake
from app.access.reconciler import queries
from app.access.reconciler.agency_side import LISTED_KINDS, BusinessCenterPair
from app.access.reconciler.platform_reader import PlatformReader
from app.access.reconciler.queries import ReconcileInput
from app.access.reconciler.state import AssetKey, DesiredAccess, Observation, ObservedSide
from app.platforms.resources import PartnerInfo

#: How many other partners are looked into, at most, each time that somebody says that the steps are done.
MOST_CENTERS = 20


def missing(all_desired: Sequence[DesiredAccess], loaded: ReconcileInput, ours: ObservedSide) -> list[AssetKey]:
    """Targets that somebody says were shared by hand, while the typed Business Center shares nothing.

    One thing observed from it, now or before, or sent by us, shows that it is the right one.
    """
    if any(not desired.center_typed or desired.was_verified for desired in all_desired):
        return []
    if any(observation.role for observation in ours.observations.values()):
        return []
    if any(each.may_have_happened for each in loaded.history.shared.values()):
        return []
    return [
        desired.key
        for desired in all_desired
        if desired.key
        and desired.kind in LISTED_KINDS
        and desired.is_live
        and desired.says_done
        and ours.of(desired.key).is_read
    ]


def requested_at(all_desired: Sequence[DesiredAccess], loaded: ReconcileInput) -> datetime | None:
    """The last request for a check, if the other partners were not searched for it yet."""
    asked = max((desired.recheck_at for desired in all_desired if desired.recheck_at is not None), default=None)
    last = loaded.searched_at
    return asked if asked is not None and (last is None or asked > last) else None


async def search(
    reader: PlatformReader,
    pair: BusinessCenterPair,
    handshake: Handshake,
    keys: Sequence[AssetKey],
    partners: Sequence[PartnerInfo],
) -> Mapping[AssetKey, str] | None:
    """Business Center that shares each of these, where another partner does; None if not all could be read.

    Those of other clients are left out: nobody learns what they share, or takes it.
    """
    others = [each.bc_id for each in partners if each.bc_id not in (pair.ours, pair.theirs)]
    async with reader.context.sessions() as session:
        order = await queries.centers_to_search(session, handshake, others, [key.asset_id for key in keys])
    found: dict[AssetKey, str] = {}
    for bc_id in order[:MOST_CENTERS]:
        for kind in dict.fromkeys(key.kind for key in keys):
            shares = await reader.read(
                lambda access, record, bc_id=bc_id, kind=kind: pair.platform.shared_to(  # type: ignore[misc]
                    access, bc_id=pair.ours, partner_id=bc_id, kind=kind, keep=record
                )
            )
            if reader.closed is not None:
                return None
            if not isinstance(shares, Observation):
                found |= {
                    key: bc_id for key in keys if key.kind == kind and key.asset_id in shares and key not in found
                }
        if len(found) == len(keys):
            break
    return found
