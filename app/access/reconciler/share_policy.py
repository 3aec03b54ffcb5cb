"""Shares that Keyturn makes itself, and their times. Pure."""

from datetime import datetime

from app.access.reconciler.action_history import acted_since, repeat_at
from app.access.reconciler.state import INVITE, ActionHistory, AssetKey, DesiredAccess, ObservedAccess, PastAction, rank
from app.access.retry_policy import MOST_REPAIRS, RetryTiming

#: Kinds that can be shared by API at all; the others are shared by hand in either lane.
BY_API = frozenset({"ad_account", "pixel", "person"})


def share_at(
    desired: DesiredAccess, observed: ObservedAccess, history: ActionHistory, now: datetime, timing: RetryTiming
) -> datetime | None:
    """Time of our next attempt to share it: now, later, or never (None)."""
    if desired.key is None or not may_share(desired, observed, history):
        return None
    client, last, undone = (
        observed.client.of(desired.key),
        last_share(desired, history),
        history.unshared.get(desired.key),
    )
    if client.rejected:
        return None if is_invitation_rejected(desired, observed, history) else now
    if client.member and last is not None and last.operation == INVITE:
        return now  # they came; what the invitation did not carry is assigned
    repairing = last is not None and last.outcome == "denied" and not acted_since(last, desired)
    if last is not None and repairing and is_interrupted(desired, history):
        return max(last.at + timing.settle, now) if last.times < MOST_REPAIRS else None
    return repeat_at(last, desired, desired.role, now, timing, undone=undone)


def last_share(desired: DesiredAccess, history: ActionHistory) -> PastAction | None:
    """The last attempt that still counts: not one whose access arrived and went away again."""
    last = history.shared.get(desired.key) if desired.key else None
    if last is None:
        return None
    arrived = (desired.drifted_at, desired.listed_at)
    return None if any(moment is not None and last.at <= moment for moment in arrived) else last


def may_share(desired: DesiredAccess, observed: ObservedAccess, history: ActionHistory) -> bool:
    """True if the client approved it, we can write, the client's own list was read, and it lacks the role."""
    if desired.key is None or not desired.is_live or desired.link_ended or desired.unwanted or is_guided(desired):
        return False
    if desired.was_verified and desired.reduce_at is None and not is_reauthorized(desired):
        return False  # somebody took away what was proved: only the client's new authorization brings it back
    if (
        not may_write(desired.key, observed)
        or desired.key in observed.asset_problems
        or is_declined(desired, observed, history)
    ):
        return False
    client, agency = observed.client.of(desired.key), observed.agency.of(desired.key)
    if client.pending or client.everything or rank(agency.role) >= rank(desired.role):
        return False
    return rank(client.role) < rank(desired.role) and is_account_present(desired.key, observed)


def is_guided(desired: DesiredAccess) -> bool:
    """True if people share it: everything in the guided lane, otherwise the kinds that no API shares."""
    return desired.lane != "connected" or desired.kind not in BY_API


def is_reauthorized(desired: DesiredAccess) -> bool:
    """True if the client authorized us after the access drifted: it is then shared again."""
    return (
        desired.drifted_at is not None
        and desired.connected_at is not None
        and desired.connected_at > desired.drifted_at
    )


def is_declined(desired: DesiredAccess, observed: ObservedAccess, history: ActionHistory) -> bool:
    """True if the agency declined it on the platform: it waited for the agency and left the client's list.

    We did not remove it ourselves, it was never in force, and nobody has acted since.
    """
    if desired.key is None or desired.listed_at is None or desired.was_verified:
        return False
    client, taken = observed.client.of(desired.key), history.unshared.get(desired.key)
    if not client.is_read or client.role is not None or client.pending:
        return False
    if taken is not None and taken.at >= desired.listed_at:
        return False
    given = history.shared.get(desired.key)
    tried_again = given is not None and given.at > desired.listed_at
    return not tried_again and not any(moment > desired.listed_at for moment in desired.acts)


def is_interrupted(desired: DesiredAccess, history: ActionHistory) -> bool:
    """True if the access was removed in order to lower its role, and is not shared again yet."""
    if desired.key is None or desired.reduce_at is None:
        return False
    taken = history.unshared.get(desired.key)
    return taken is not None and taken.at >= desired.reduce_at and taken.may_have_happened


def is_invitation_rejected(desired: DesiredAccess, observed: ObservedAccess, history: ActionHistory) -> bool:
    """True if the person rejected the invitation, and nobody has asked to try again since."""
    if desired.key is None or not observed.client.of(desired.key).rejected:
        return False
    last = history.shared.get(desired.key)
    return last is not None and not acted_since(last, desired)


def may_write(key: AssetKey, observed: ObservedAccess) -> bool:
    """True if the client's token may be used for a change here: never without having read the client's own list."""
    return observed.client_can_write and observed.center_problem is None and observed.client.of(key).is_read


def is_account_present(key: AssetKey, observed: ObservedAccess) -> bool:
    """True if the ad account this hangs on is shared already, as either side shows."""
    account = key.account
    return account is None or any(side.of(account).role is not None for side in (observed.client, observed.agency))
