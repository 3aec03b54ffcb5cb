"""Removals that Keyturn makes itself, and their times. Pure.

Only access of the agency is ever removed, asset by asset, and only if no other access request still needs it.
"""

from collections.abc import Sequence
from datetime import datetime

from app.access.reconciler.action_history import ABOUT_US, is_exhausted, is_refused, repeat_at
from app.access.reconciler.share_policy import may_write
from app.access.reconciler.state import ActionHistory, DesiredAccess, Observation, ObservedAccess, PastAction, rank
from app.access.retry_policy import RetryTiming

#: Role of an attempt to remove access.
NO_ROLE = ""


def unshare_at(
    desired: DesiredAccess,
    all_desired: Sequence[DesiredAccess],
    observed: ObservedAccess,
    history: ActionHistory,
    now: datetime,
    timing: RetryTiming,
) -> datetime | None:
    """Time of our next attempt to remove it: now, later, or never (None)."""
    if desired.key is None or not may_unshare(desired, all_desired, observed, history):
        return None
    last, undone = history.unshared.get(desired.key), history.shared.get(desired.key)
    return repeat_at(last, desired, NO_ROLE, now, timing, undone=undone)


def refusal(desired: DesiredAccess, history: ActionHistory) -> tuple[str, PastAction] | None:
    """Blocker code and attempt of a removal that failed until a person acts; None if it did not fail."""
    last = history.unshared.get(desired.key) if desired.key else None
    if last is None or not (is_refused(last, desired) or is_exhausted(last, desired)):
        return None
    about_us = last.outcome == "denied" and last.blocker in ABOUT_US
    return (str(last.blocker) if about_us else "removal_refused"), last


def may_unshare(
    desired: DesiredAccess, all_desired: Sequence[DesiredAccess], observed: ObservedAccess, history: ActionHistory
) -> bool:
    """True if it is to go, the client's token may do it, and nobody else of the agency needs it."""
    if (
        desired.key is None
        or desired.over
        or desired.declined
        or desired.held_by_others
        or not may_write(desired.key, observed)
    ):
        return False
    client = observed.client.of(desired.key)
    if not (client.role or client.pending):
        return False
    others = [each for each in all_desired if each is not desired and each.key == desired.key and each.is_live]
    if desired.unwanted:
        return all(each.unwanted for each in others) and _is_ours_alone(desired, history)
    return needs_lower_role(desired, client) and all(rank(each.role) <= rank(desired.role) for each in others)


def needs_lower_role(desired: DesiredAccess, client: Observation) -> bool:
    """True if the role is higher than agreed and somebody who may say so wants it lowered.

    TikTok lowers no role in place: it is removed and shared again
    (https://ads.tiktok.com/help/article/change-the-permissions-for-your-tiktok-business-center-partner).
    """
    if desired.reduce_at is None or not desired.is_live or desired.link_ended or desired.lane != "connected":
        return False
    return desired.kind == "ad_account" and rank(client.role) > rank(desired.role)


def is_gone(desired: DesiredAccess, observed: ObservedAccess, history: ActionHistory) -> bool:
    """True if what was to be taken away was read as absent: on every side that could be read, and on one at least.

    Of a pixel that others linked only the agency's side counts: it stays linked for them; a person stays a member.
    """
    if desired.key is None:
        return True
    observations = [side.of(desired.key) for side in (observed.agency, observed.client)]
    if not _is_ours_alone(desired, history):
        if desired.kind == "person":
            return True  # a member before us, to whom we gave nothing
        observations = observations[:1]
    read = [observation for observation in observations if observation.is_read]
    return bool(read) and not any(observation.role or observation.pending for observation in read)


def _is_ours_alone(desired: DesiredAccess, history: ActionHistory) -> bool:
    """True if it was not there before us: a pixel may have been linked, and a person a member, already."""
    if desired.kind not in ("pixel", "person") or desired.key is None:
        return True
    given = history.shared.get(desired.key)
    return given is not None and given.may_have_happened
