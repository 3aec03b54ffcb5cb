"""What is ours to take away, and when. Pure.

Only what the agency itself holds is ever taken, one asset at a time, and only where no other access request still
wants it.
"""

from collections.abc import Sequence
from datetime import datetime

from app.access.reconciler.action_history import ABOUT_US, is_exhausted, is_refused, repeat_at
from app.access.reconciler.share_policy import may_write
from app.access.reconciler.state import ActionHistory, DesiredAccess, Observation, ObservedAccess, PastAction, rank
from app.access.retry_policy import RetryTiming

#: The role under which an attempt to take away is remembered.
NO_ROLE = ""


def unshare_at(
    want: DesiredAccess,
    wanted: Sequence[DesiredAccess],
    seen: ObservedAccess,
    tried: ActionHistory,
    now: datetime,
    patience: RetryTiming,
) -> datetime | None:
    """When this is to be taken away by us: now, a later moment, or never (None)."""
    if want.key is None or not may_unshare(want, wanted, seen, tried):
        return None
    last, undone = tried.taken.get(want.key), tried.given.get(want.key)
    return repeat_at(last, want, NO_ROLE, now, patience, undone=undone)


def refusal(want: DesiredAccess, tried: ActionHistory) -> tuple[str, PastAction] | None:
    """Blocker code and attempt of a removal that failed until a person acts; None if it did not fail."""
    last = tried.taken.get(want.key) if want.key else None
    if last is None or not (is_refused(last, want) or is_exhausted(last, want)):
        return None
    about_us = last.outcome == "denied" and last.blocker in ABOUT_US
    return (str(last.blocker) if about_us else "removal_refused"), last


def may_unshare(
    want: DesiredAccess, wanted: Sequence[DesiredAccess], seen: ObservedAccess, tried: ActionHistory
) -> bool:
    """True if it is to go, the client's token may do it, and nobody else of the agency needs it."""
    if want.key is None or want.over or want.declined or want.held_by_others or not may_write(want.key, seen):
        return False
    client = seen.client.of(want.key)
    if not (client.role or client.pending):
        return False
    others = [each for each in wanted if each is not want and each.key == want.key and each.is_live]
    if want.unwanted:
        return all(each.unwanted for each in others) and _is_ours_alone(want, tried)
    return needs_lower_role(want, client) and all(rank(each.role) <= rank(want.role) for each in others)


def needs_lower_role(want: DesiredAccess, client: Observation) -> bool:
    """True if the role is higher than agreed and somebody who may say so wants it lowered.

    TikTok lowers no role in place: it is removed and shared again
    (https://ads.tiktok.com/help/article/change-the-permissions-for-your-tiktok-business-center-partner).
    """
    if want.reduce_at is None or not want.is_live or want.link_ended or want.lane != "connected":
        return False
    return want.kind == "ad_account" and rank(client.role) > rank(want.role)


def is_gone(want: DesiredAccess, seen: ObservedAccess, tried: ActionHistory) -> bool:
    """True if what was to be taken away was read as absent: on every side that could be read, and on one at least.

    Of a pixel that others linked only the agency's side counts: it stays linked for them; a person stays a member.
    """
    if want.key is None:
        return True
    sights = [side.of(want.key) for side in (seen.agency, seen.client)]
    if not _is_ours_alone(want, tried):
        if want.kind == "person":
            return True  # a member before us, to whom we gave nothing
        sights = sights[:1]
    read = [sight for sight in sights if sight.is_read]
    return bool(read) and not any(sight.role or sight.pending for sight in read)


def _is_ours_alone(want: DesiredAccess, tried: ActionHistory) -> bool:
    """A pixel may have been linked, and a person a member, before us: only what we gave ourselves is undone."""
    if want.kind not in ("pixel", "person") or want.key is None:
        return True
    given = tried.given.get(want.key)
    return given is not None and given.may_have_happened
