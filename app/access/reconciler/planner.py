"""Next action that turns observed access into desired access: shares and removals, and their times. Total. Pure.

Only access of the agency is ever removed, asset by asset, and only if no other access request still needs it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.access.pacing import MOST_REPAIRS, RetryTiming
from app.access.reconciler.action_history import (
    ABOUT_CONNECTION,
    acted_since,
    in_company,
    is_exhausted,
    is_refused,
    repeat_at,
)
from app.access.reconciler.state import ActionHistory, DesiredAccess, ObservedAccess, PastAction
from app.platforms.access import Action, AssetKey, Observation, ReadFailure, ShareAction, UnshareAction

#: Role of an attempt to remove access.
NO_ROLE = ""


@dataclass(frozen=True)
class Wait:
    """Observe again: at `until` if a time is known, else by the retry policy."""

    until: datetime | None = None


@dataclass(frozen=True)
class Done:
    """Nothing is left to do until a person acts."""


Step = Action | Wait | Done


def plan(
    all_desired: Sequence[DesiredAccess],
    observed: ObservedAccess,
    history: ActionHistory,
    now: datetime,
    timing: RetryTiming,
) -> Step:
    """The next step. Never shares what was not approved or is observed already; never repeats without an observation.

    Ends: each share and removal is tried at most `MOST_TRIES` times until a person acts.
    """
    shares = [(share_at(desired, observed, history, now, timing), desired) for desired in all_desired]
    removals = [(unshare_at(desired, all_desired, observed, history, now, timing), desired) for desired in all_desired]
    for turn in (_not_held_up, _longest_held_up):  # those that the platform could not process last time go last
        if share := _first_share(
            turn([desired for at, desired in shares if at is not None and at <= now], history.shared), history
        ):
            return share
        if removal := _first_removal(
            turn([desired for at, desired in removals if at is not None and at <= now], history.unshared)
        ):
            return removal
    moments = [at for at, _ in (*shares, *removals) if at is not None]
    if moments:
        return Wait(min(moments))
    return Wait() if any(is_pending(desired, observed, history) for desired in all_desired) else Done()


def _not_held_up(due: Sequence[DesiredAccess], tries: Mapping[AssetKey, PastAction]) -> list[DesiredAccess]:
    return [desired for desired in due if _held_up_at(desired, tries) is None]


def _longest_held_up(due: Sequence[DesiredAccess], tries: Mapping[AssetKey, PastAction]) -> list[DesiredAccess]:
    """Those with the oldest last call: one that is never processed does not block the rest."""
    oldest = min((at for desired in due if (at := _held_up_at(desired, tries))), default=None)
    return [desired for desired in due if oldest is not None and _held_up_at(desired, tries) == oldest]


def _held_up_at(desired: DesiredAccess, tries: Mapping[AssetKey, PastAction]) -> datetime | None:
    """Time of its last call, if the platform could not process that."""
    last = tries.get(desired.key) if desired.key else None
    return last.at if last is not None and last.outcome == "unavailable" else None


def _first_share(due: Sequence[DesiredAccess], history: ActionHistory) -> ShareAction | None:
    """By kind, the lowest role first; last, and alone, assets whose last call was refused as a batch."""
    together: dict[tuple[int, int, str, str], list[DesiredAccess]] = {}
    alone: list[ShareAction] = []
    for desired in due:
        assert desired.key is not None  # share_at is None for all others
        if in_company(history.shared.get(desired.key)):
            alone.append(ShareAction(desired.kind.key, desired.role, (desired.key,)))
        else:
            kind = desired.kind
            which = desired.key.asset_id if kind.one_per_call else ""
            together.setdefault((kind.share_order, kind.rank(desired.role), desired.role, which), []).append(desired)
    if together:
        first = together[min(together)]
        keys = sorted({desired.key for desired in first if desired.key})
        return ShareAction(first[0].kind.key, first[0].role, tuple(keys[: first[0].kind.batch]))
    return min(alone, key=lambda share: share.keys, default=None)


def _first_removal(due: Sequence[DesiredAccess]) -> UnshareAction | None:
    """Assets that depend on another come before it."""
    kinds = {desired.key: desired.kind for desired in due if desired.key}
    keys = sorted(kinds, key=lambda key: (kinds[key].has_dependents, key))
    if not keys:
        return None
    first, kind = keys[0], kinds[keys[0]]
    most = 1 if kind.one_per_call else kind.batch
    return UnshareAction(kind.key, tuple(key for key in keys if key.kind == first.kind)[:most])


def is_pending(desired: DesiredAccess, observed: ObservedAccess, history: ActionHistory) -> bool:
    """True if another observation may show a change without any action of ours."""
    if desired.key is None:
        return False
    client, agency = observed.client.of(desired.key), observed.agency.of(desired.key)
    if not _may_show(agency) and not _may_show(client):
        return False
    if desired.unwanted:
        return not desired.over and not is_gone(desired, observed, history)
    if not desired.is_live or (desired.was_verified and not desired.proved_by_client):
        return False
    if desired.role == agency.role or client.everything:
        return desired.key in observed.events_unread and not desired.was_verified
    if not agency.is_read and client.role == desired.role:
        return agency.why_not in (ReadFailure.UNAVAILABLE, ReadFailure.DENIED)
    return not is_refused(history.shared.get(desired.key), desired)


def _may_show(observation: Observation) -> bool:
    return observation.is_read or observation.why_not in (ReadFailure.UNAVAILABLE, ReadFailure.DENIED)


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
    if client.member and last is not None and last.operation == desired.kind.invite_operation:
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
        return False  # removed after verification: only a new authorization of the client restores it
    if (
        not may_write(desired.key, observed)
        or desired.key in observed.asset_problems
        or is_declined(desired, observed, history)
    ):
        return False
    client, agency = observed.client.of(desired.key), observed.agency.of(desired.key)
    agreed = desired.kind.rank(desired.role)
    if client.pending or client.everything or desired.kind.rank(agency.role) >= agreed:
        return False
    return desired.kind.rank(client.role) < agreed and is_parent_present(desired, observed)


def is_guided(desired: DesiredAccess) -> bool:
    """True if people share it: everything in the guided lane, and the kinds without API."""
    return desired.lane != "connected" or not desired.kind.by_api


def is_reauthorized(desired: DesiredAccess) -> bool:
    """True if the client authorized us after the access drifted: it is then shared again."""
    return (
        desired.drifted_at is not None
        and desired.connected_at is not None
        and desired.connected_at > desired.drifted_at
    )


def is_declined(desired: DesiredAccess, observed: ObservedAccess, history: ActionHistory) -> bool:
    """True if the agency declined it on the platform: it waited for the agency and left the client's list.

    We did not remove it ourselves, it was never in force, and no person has acted since.
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
    """True if the person rejected the invitation, and no person has acted since."""
    if desired.key is None or not observed.client.of(desired.key).rejected:
        return False
    last = history.shared.get(desired.key)
    return last is not None and not acted_since(last, desired)


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
    about_us = last.outcome == "denied" and last.blocker in ABOUT_CONNECTION
    return (str(last.blocker) if about_us else "removal_refused"), last


def may_unshare(
    desired: DesiredAccess, all_desired: Sequence[DesiredAccess], observed: ObservedAccess, history: ActionHistory
) -> bool:
    """True if it is to be removed, the client's token may do it, and no other access request needs it."""
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
    return needs_lower_role(desired, client) and all(
        each.kind.rank(each.role) <= desired.kind.rank(desired.role) for each in others
    )


def needs_lower_role(desired: DesiredAccess, client: Observation) -> bool:
    """True if the role is higher than agreed, the client requested to lower it, and the kind of asset allows that."""
    if desired.reduce_at is None or not desired.is_live or desired.link_ended or desired.lane != "connected":
        return False
    return desired.kind.can_be_lowered and desired.kind.rank(client.role) > desired.kind.rank(desired.role)


def is_gone(desired: DesiredAccess, observed: ObservedAccess, history: ActionHistory) -> bool:
    """True if the access to remove was read as absent: on every side that could be read, and on at least one.

    For an asset that was there before us only the agency's side counts: it stays on the client's.
    """
    if desired.key is None:
        return True
    observations = [side.of(desired.key) for side in (observed.agency, observed.client)]
    if not _is_ours_alone(desired, history):
        if not desired.kind.seen_by_agency:
            return True  # there before us: there is nothing of ours to remove
        observations = observations[:1]
    read = [observation for observation in observations if observation.is_read]
    return bool(read) and not any(observation.role or observation.pending for observation in read)


def _is_ours_alone(desired: DesiredAccess, history: ActionHistory) -> bool:
    """True if it was not there before us, such as a pixel that was linked, or a person who was a member, already."""
    if not desired.kind.may_predate or desired.key is None:
        return True
    given = history.shared.get(desired.key)
    return given is not None and given.may_have_happened


def may_write(key: AssetKey, observed: ObservedAccess) -> bool:
    """True if the client's token may be used for a change here: never without having read the client's own list."""
    return observed.client_can_write and observed.center_problem is None and observed.client.of(key).is_read


def is_parent_present(desired: DesiredAccess, observed: ObservedAccess) -> bool:
    """True if either side shows the asset that it depends on."""
    parent = desired.parent
    return parent is None or any(side.of(parent).role is not None for side in (observed.client, observed.agency))
