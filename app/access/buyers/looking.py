"""Looking: who can open each ad account, and, where somebody is missing, who is in the Business Center at all."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.access.buyers.plan import Shown
from app.access.buyers.queries import Situation
from app.access.handshakes.deciding.world import Sight, Unread
from app.access.handshakes.looking.eyes import Eyes
from app.access.openings.model import Opening
from app.access.tools import Tools
from app.platforms.port import Call, ConnectedPlatform, Urgency
from app.platforms.seen import HolderSeen, MemberSeen

NO_SCOPE = Sight(why_not=Unread.DENIED, blocker="scope_not_authorised")


@dataclass
class Look:
    """What was seen of each opening, by its id; the calls it took, by grant; whether the token is dead."""

    shown: dict[str, Shown] = field(default_factory=dict)
    calls: list[tuple[str, Call]] = field(default_factory=list)
    dead: bool = False
    limited: float | None = None


async def observe(tools: Tools, situation: Situation, rows: Sequence[Opening], urgency: Urgency) -> Look:
    """Reads once who holds each ad account, and at most once who is a member. No transaction is open meanwhile."""
    platform = tools.platforms.connected(situation.place.platform)
    eyes, look = Eyes(tools, situation.connection, urgency), Look()
    members: Sequence[MemberSeen] | Sight | None = None
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
    eyes: Eyes, platform: ConnectedPlatform, situation: Situation, grant_id: str
) -> Sequence[HolderSeen] | Sight:
    if eyes.closed is None and platform.missing_scopes(_scopes(situation), ()):
        return NO_SCOPE
    bc_id, account_id = situation.place.bc_id, situation.grants[grant_id].asset_id
    return await eyes.read(lambda access, keep: platform.holders(access, bc_id=bc_id, account_id=account_id, keep=keep))


async def _members(eyes: Eyes, platform: ConnectedPlatform, situation: Situation) -> Sequence[MemberSeen] | Sight:
    if eyes.closed is None and not platform.may(_scopes(situation), "members"):
        return NO_SCOPE
    return await eyes.read(lambda access, keep: platform.members(access, bc_id=situation.place.bc_id, keep=keep))


def _scopes(situation: Situation) -> list[int]:
    return [int(scope) for scope in situation.connection.scopes] if situation.connection else []


def _is_missing(row: Opening, holders: Sequence[HolderSeen] | Sight) -> bool:
    return not isinstance(holders, Sight) and _of(row.email, holders) is None


def _shown(email: str, holders: Sequence[HolderSeen] | Sight, members: Sequence[MemberSeen] | Sight | None) -> Shown:
    if isinstance(holders, Sight):
        return Shown(holders)
    holder = _of(email, holders)
    if holder is not None:
        return Shown(Sight(holder.role), holder.user_id, "member")
    if members is None or isinstance(members, Sight):
        return Shown(Sight(), person=members or Sight(why_not=Unread.UNAVAILABLE))
    known = [each for each in members if each.email.casefold() == email.casefold()]
    bound = next((each for each in known if each.relation == "BOUND"), None)
    if bound is not None:
        return Shown(Sight(), bound.user_id, "member")
    return Shown(Sight(), person="invited" if any(each.relation == "PENDING" for each in known) else "nobody")


def _of(email: str, holders: Sequence[HolderSeen]) -> HolderSeen | None:
    return next((each for each in holders if each.email.casefold() == email.casefold()), None)
