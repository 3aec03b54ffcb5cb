"""Looking: who can open each ad account, and, where somebody is missing, who is in the Business Center at all."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.access.buyers.models import BuyerAccess
from app.access.context import AccessContext
from app.access.reconciler.buyer_planner import ObservedBuyer
from app.access.reconciler.buyer_queries import BuyersInput
from app.access.reconciler.platform_reader import PlatformReader
from app.access.reconciler.state import Observation, ReadFailure
from app.platforms.port import ConnectedPlatform, Priority, RecordedCall
from app.platforms.resources import AssetHolder, Member

NO_SCOPE = Observation(why_not=ReadFailure.DENIED, blocker="scope_not_authorized")


@dataclass
class BuyerObservation:
    """What was seen of each buyer_access, by its id; the calls it took, by grant; whether the token is dead."""

    shown: dict[str, ObservedBuyer] = field(default_factory=dict)
    calls: list[tuple[str, RecordedCall]] = field(default_factory=list)
    dead: bool = False
    limited: float | None = None


async def observe(
    tools: AccessContext, situation: BuyersInput, rows: Sequence[BuyerAccess], urgency: Priority
) -> BuyerObservation:
    """Reads once who holds each ad account, and at most once who is a member. No transaction is open meanwhile."""
    platform = tools.platforms.connected(situation.place.platform)
    eyes, look = PlatformReader(tools, situation.connection, urgency), BuyerObservation()
    members: Sequence[Member] | Observation | None = None
    for grant_id in dict.fromkeys(row.grant_id for row in rows):
        here = [row for row in rows if row.grant_id == grant_id]
        before = len(eyes.calls)
        holders = await _holders(eyes, platform, situation, grant_id)
        if members is None and any(row.wanted and _is_missing(row, holders) for row in here):
            members = await _members(eyes, platform, situation)
        look.shown |= {row.id: _shown(row.email, holders, members) for row in here}
        look.calls += [(grant_id, call) for call in eyes.calls[before:]]
    look.dead, look.limited = eyes.is_dead, eyes.limited
    return look


async def _holders(
    eyes: PlatformReader, platform: ConnectedPlatform, situation: BuyersInput, grant_id: str
) -> Sequence[AssetHolder] | Observation:
    if eyes.closed is None and platform.missing_scopes(_scopes(situation), ()):
        return NO_SCOPE
    bc_id, account_id = situation.place.bc_id, situation.grants[grant_id].asset_id
    return await eyes.read(lambda access, keep: platform.holders(access, bc_id=bc_id, account_id=account_id, keep=keep))


async def _members(
    eyes: PlatformReader, platform: ConnectedPlatform, situation: BuyersInput
) -> Sequence[Member] | Observation:
    if eyes.closed is None and not platform.may(_scopes(situation), "members"):
        return NO_SCOPE
    return await eyes.read(lambda access, keep: platform.members(access, bc_id=situation.place.bc_id, keep=keep))


def _scopes(situation: BuyersInput) -> list[int]:
    return [int(scope) for scope in situation.connection.scopes] if situation.connection else []


def _is_missing(row: BuyerAccess, holders: Sequence[AssetHolder] | Observation) -> bool:
    return not isinstance(holders, Observation) and _of(row.email, holders) is None


def _shown(
    email: str, holders: Sequence[AssetHolder] | Observation, members: Sequence[Member] | Observation | None
) -> ObservedBuyer:
    if isinstance(holders, Observation):
        return ObservedBuyer(holders)
    holder = _of(email, holders)
    if holder is not None:
        return ObservedBuyer(Observation(holder.role), holder.user_id, "member")
    if members is None or isinstance(members, Observation):
        return ObservedBuyer(Observation(), person=members or Observation(why_not=ReadFailure.UNAVAILABLE))
    known = [each for each in members if each.email.casefold() == email.casefold()]
    bound = next((each for each in known if each.relation == "BOUND"), None)
    if bound is not None:
        return ObservedBuyer(Observation(), bound.user_id, "member")
    return ObservedBuyer(
        Observation(), person="invited" if any(each.relation == "PENDING" for each in known) else "nobody"
    )


def _of(email: str, holders: Sequence[AssetHolder]) -> AssetHolder | None:
    return next((each for each in holders if each.email.casefold() == email.casefold()), None)
