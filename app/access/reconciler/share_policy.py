"""What is ours to share, and when. Pure."""

from datetime import datetime

from app.access.reconciler.action_history import acted_since, repeat_at
from app.access.reconciler.state import INVITE, ActionHistory, AssetKey, DesiredAccess, ObservedAccess, PastAction, rank
from app.access.retry_policy import MOST_REPAIRS, RetryTiming

#: Kinds that can be shared by API at all; the others are shared by hand in either lane.
BY_API = frozenset({"ad_account", "pixel", "person"})


def share_at(
    want: DesiredAccess, seen: ObservedAccess, tried: ActionHistory, now: datetime, patience: RetryTiming
) -> datetime | None:
    """When this access request is to be shared by us: now, a later moment, or never (None)."""
    if want.key is None or not may_share(want, seen, tried):
        return None
    client, last, undone = seen.client.of(want.key), last_share(want, tried), tried.taken.get(want.key)
    if client.rejected:
        return None if is_invitation_rejected(want, seen, tried) else now
    if client.member and last is not None and last.operation == INVITE:
        return now  # they came; what the invitation did not carry is assigned
    repairing = last is not None and last.outcome == "denied" and not acted_since(last, want)
    if last is not None and repairing and is_interrupted(want, tried):
        return max(last.at + patience.settle, now) if last.times < MOST_REPAIRS else None
    return repeat_at(last, want, want.role, now, patience, undone=undone)


def last_share(want: DesiredAccess, tried: ActionHistory) -> PastAction | None:
    """The last attempt that still tells something: not what arrived, and went away again since."""
    last = tried.given.get(want.key) if want.key else None
    if last is None:
        return None
    arrived = (want.drifted_at, want.listed_at)
    return None if any(moment is not None and last.at <= moment for moment in arrived) else last


def may_share(want: DesiredAccess, seen: ObservedAccess, tried: ActionHistory) -> bool:
    """True if the client approved it, we can write, the client's own list was read, and it lacks the role."""
    if want.key is None or not want.is_live or want.link_ended or want.unwanted or is_guided(want):
        return False
    if want.was_verified and want.reduce_at is None and not is_reauthorized(want):
        return False  # somebody took away what was proved: only the client's new authorization brings it back
    if not may_write(want.key, seen) or want.key in seen.problems or is_declined(want, seen, tried):
        return False
    client, agency = seen.client.of(want.key), seen.agency.of(want.key)
    if client.pending or client.everything or rank(agency.role) >= rank(want.role):
        return False
    return rank(client.role) < rank(want.role) and is_account_present(want.key, seen)


def is_guided(want: DesiredAccess) -> bool:
    """True if people share it: everything in the guided lane, otherwise the kinds that no API shares."""
    return want.lane != "connected" or want.kind not in BY_API


def is_reauthorized(want: DesiredAccess) -> bool:
    """True if the client authorized us after the access drifted: it is then shared again."""
    return want.drifted_at is not None and want.connected_at is not None and want.connected_at > want.drifted_at


def is_declined(want: DesiredAccess, seen: ObservedAccess, tried: ActionHistory) -> bool:
    """True if the agency declined it on the platform: it waited for the agency and left the client's list.

    We did not remove it ourselves, it was never in force, and nobody has acted since.
    """
    if want.key is None or want.listed_at is None or want.was_verified:
        return False
    client, taken = seen.client.of(want.key), tried.taken.get(want.key)
    if not client.is_read or client.role is not None or client.pending:
        return False
    if taken is not None and taken.at >= want.listed_at:
        return False
    given = tried.given.get(want.key)
    tried_again = given is not None and given.at > want.listed_at
    return not tried_again and not any(moment > want.listed_at for moment in want.acts)


def is_interrupted(want: DesiredAccess, tried: ActionHistory) -> bool:
    """True if the access was removed in order to lower its role, and is not shared again yet."""
    if want.key is None or want.reduce_at is None:
        return False
    taken = tried.taken.get(want.key)
    return taken is not None and taken.at >= want.reduce_at and taken.may_have_happened


def is_invitation_rejected(want: DesiredAccess, seen: ObservedAccess, tried: ActionHistory) -> bool:
    """True if the person rejected the invitation, and nobody has asked to try again since."""
    if want.key is None or not seen.client.of(want.key).rejected:
        return False
    last = tried.given.get(want.key)
    return last is not None and not acted_since(last, want)


def may_write(key: AssetKey, seen: ObservedAccess) -> bool:
    """True if the client's token may be used for a change here: never without having read the client's own list."""
    return seen.client_can_write and seen.center is None and seen.client.of(key).is_read


def is_account_present(key: AssetKey, seen: ObservedAccess) -> bool:
    """True if the ad account this hangs on is shared already, as either side shows."""
    account = key.account
    return account is None or any(side.of(account).role is not None for side in (seen.client, seen.agency))
