"""Next action that turns observed access into desired access. Total. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.access.reconciler.action_history import in_company, is_refused
from app.access.reconciler.share_policy import share_at
from app.access.reconciler.state import (
    Action,
    ActionHistory,
    AssetKey,
    DesiredAccess,
    Observation,
    ObservedAccess,
    PastAction,
    ReadFailure,
    ShareAction,
    UnshareAction,
    rank,
)
from app.access.reconciler.unshare_policy import is_gone, unshare_at
from app.access.retry_policy import RetryTiming

BATCH = 50
_ORDER = ("ad_account", "pixel", "person", "catalog")


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
    for turn in (_not_held_up, _longest_held_up):  # requests that the platform could not process last time go last
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
    """Those whose last call is the oldest: one that is never processed does not take the turns of others."""
    oldest = min((at for desired in due if (at := _held_up_at(desired, tries))), default=None)
    return [desired for desired in due if oldest is not None and _held_up_at(desired, tries) == oldest]


def _held_up_at(desired: DesiredAccess, tries: Mapping[AssetKey, PastAction]) -> datetime | None:
    """Time of its last call, if the platform could not process that."""
    last = tries.get(desired.key) if desired.key else None
    return last.at if last is not None and last.outcome == "unavailable" else None


def _first_share(due: Sequence[DesiredAccess], history: ActionHistory) -> ShareAction | None:
    """Ad accounts first, the smallest role first; last, and alone, what was refused together with others."""
    together: dict[tuple[int, int, str, str], list[AssetKey]] = {}
    alone: list[ShareAction] = []
    for desired in due:
        assert desired.key is not None  # share_at is None for all others
        if in_company(history.shared.get(desired.key)):
            alone.append(ShareAction(desired.kind, desired.role, (desired.key,)))
        else:
            which = desired.key.asset_id if desired.kind in ("pixel", "person") else ""
            place = (_ORDER.index(desired.kind), rank(desired.role), desired.role, which)
            together.setdefault(place, []).append(desired.key)
    if together:
        place = min(together)
        return ShareAction(_ORDER[place[0]], place[2], tuple(sorted(set(together[place]))[:BATCH]))
    return min(alone, key=lambda share: share.keys, default=None)


def _first_removal(due: Sequence[DesiredAccess]) -> UnshareAction | None:
    """Assets that belong to an ad account go before it."""
    keys = sorted({desired.key for desired in due if desired.key}, key=lambda key: (key.kind == "ad_account", key))
    if not keys:
        return None
    first = keys[0]
    if first.kind in ("pixel", "person"):
        return UnshareAction(first.kind, (first,))
    return UnshareAction(first.kind, tuple(key for key in keys if key.kind == first.kind)[:BATCH])


def is_pending(desired: DesiredAccess, observed: ObservedAccess, history: ActionHistory) -> bool:
    """True if another observation may show a change although nobody is asked to act here."""
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
