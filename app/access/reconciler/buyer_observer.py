"""Observation of buyer access: who can open each ad account, and who is in the agency's Business Center at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.access.buyers.models import BuyerAccess
from app.access.grants.models import Grant
from app.access.reconciler.buyer_planner import ObservedBuyer
from app.access.reconciler.platform_reader import PlatformReader
from app.access.reconciler.state import Observation, ReadFailure
from app.access.reconciler.strategy import ObservedCalls
from app.platforms.port import ConnectedPlatform
from app.platforms.resources import AssetHolder, Member

NO_SCOPE = Observation(why_not=ReadFailure.DENIED, blocker="scope_not_authorized")


@dataclass(frozen=True)
class BuyerObservation:
    """Observed buyers by the id of their buyer access. `limited`: seconds without calls."""

    buyers: Mapping[str, ObservedBuyer]
    calls: Sequence[ObservedCalls]
    limited: float | None = None


async def observe(
    reader: PlatformReader,
    platform: ConnectedPlatform,
    bc_id: str,
    rows: Sequence[BuyerAccess],
    grants: Mapping[str, Grant],
) -> BuyerObservation:
    """Read the holders of each ad account once, and the members at most once. No transaction is open meanwhile."""
    buyers: dict[str, ObservedBuyer] = {}
    calls: list[ObservedCalls] = []
    members: Sequence[Member] | Observation | None = None
    for grant_id in dict.fromkeys(row.grant_id for row in rows):
        of_grant = [row for row in rows if row.grant_id == grant_id]
        before = len(reader.calls)
        holders = await _holders(reader, platform, bc_id, grants[grant_id].asset_id)
        if members is None and any(row.wanted and _is_missing(row, holders) for row in of_grant):
            members = await _members(reader, platform, bc_id)
        buyers |= {row.id: _observed(row.email, holders, members) for row in of_grant}
        if reader.connection is not None:
            calls.append(ObservedCalls(reader.connection, reader.calls[before:], reader.is_dead, grant_id=grant_id))
    return BuyerObservation(buyers, calls, reader.limited)


async def _holders(
    reader: PlatformReader, platform: ConnectedPlatform, bc_id: str, account_id: str
) -> Sequence[AssetHolder] | Observation:
    if reader.closed is None and platform.missing_scopes(_scopes(reader), ()):
        return NO_SCOPE
    return await reader.read(
        lambda access, record: platform.holders(access, bc_id=bc_id, account_id=account_id, keep=record)
    )


async def _members(reader: PlatformReader, platform: ConnectedPlatform, bc_id: str) -> Sequence[Member] | Observation:
    if reader.closed is None and not platform.may(_scopes(reader), "members"):
        return NO_SCOPE
    return await reader.read(lambda access, record: platform.members(access, bc_id=bc_id, keep=record))


def _scopes(reader: PlatformReader) -> list[int]:
    return [int(scope) for scope in reader.connection.scopes] if reader.connection else []


def _is_missing(row: BuyerAccess, holders: Sequence[AssetHolder] | Observation) -> bool:
    return not isinstance(holders, Observation) and _holder(row.email, holders) is None


def _observed(
    email: str, holders: Sequence[AssetHolder] | Observation, members: Sequence[Member] | Observation | None
) -> ObservedBuyer:
    if isinstance(holders, Observation):
        return ObservedBuyer(holders)
    holder = _holder(email, holders)
    if holder is not None:
        return ObservedBuyer(Observation(holder.role), holder.user_id, "member")
    if members is None or isinstance(members, Observation):
        return ObservedBuyer(Observation(), person=members or Observation(why_not=ReadFailure.UNAVAILABLE))
    known = [each for each in members if each.email.casefold() == email.casefold()]
    bound = next((each for each in known if each.relation == "BOUND"), None)
    if bound is not None:
        return ObservedBuyer(Observation(), bound.user_id, "member")
    is_invited = any(each.relation == "PENDING" for each in known)
    return ObservedBuyer(Observation(), person="invited" if is_invited else "nobody")


def _holder(email: str, holders: Sequence[AssetHolder]) -> AssetHolder | None:
    return next((each for each in holders if each.email.casefold() == email.casefold()), None)
