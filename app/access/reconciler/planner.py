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
    """Look again: at `until` where a moment is known, else by the schedule of looks."""

    until: datetime | None = None


@dataclass(frozen=True)
class Done:
    """Nothing is left to do until a person acts."""


Step = Action | Wait | Done


def plan(
    wanted: Sequence[DesiredAccess], seen: ObservedAccess, tried: ActionHistory, now: datetime, patience: RetryTiming
) -> Step:
    """The next step. Never shares what was not approved, nor what is seen already, nor repeats before looking.

    Ends: everything is given and taken at most `MOST_TRIES` times until a person acts, and each is followed by a look.
    """
    gives = [(share_at(want, seen, tried, now, patience), want) for want in wanted]
    takes = [(unshare_at(want, wanted, seen, tried, now, patience), want) for want in wanted]
    for turn in (_not_held_up, _longest_held_up):  # requests that the platform could not process last time go last
        if give := _first_give(turn([want for at, want in gives if at is not None and at <= now], tried.given), tried):
            return give
        if take := _first_take(turn([want for at, want in takes if at is not None and at <= now], tried.taken)):
            return take
    moments = [at for at, _ in (*gives, *takes) if at is not None]
    if moments:
        return Wait(min(moments))
    return Wait() if any(is_pending(want, seen, tried) for want in wanted) else Done()


def _not_held_up(due: Sequence[DesiredAccess], tries: Mapping[AssetKey, PastAction]) -> list[DesiredAccess]:
    return [want for want in due if _held_up_at(want, tries) is None]


def _longest_held_up(due: Sequence[DesiredAccess], tries: Mapping[AssetKey, PastAction]) -> list[DesiredAccess]:
    """Those whose last call is the oldest: one that is never processed does not take the turns of others."""
    oldest = min((at for want in due if (at := _held_up_at(want, tries))), default=None)
    return [want for want in due if oldest is not None and _held_up_at(want, tries) == oldest]


def _held_up_at(want: DesiredAccess, tries: Mapping[AssetKey, PastAction]) -> datetime | None:
    """Time of its last call, if the platform could not process that."""
    last = tries.get(want.key) if want.key else None
    return last.at if last is not None and last.outcome == "unavailable" else None


def _first_give(due: Sequence[DesiredAccess], tried: ActionHistory) -> ShareAction | None:
    """Ad accounts first, the smallest role first; what was refused in company alone, last."""
    together: dict[tuple[int, int, str, str], list[AssetKey]] = {}
    alone: list[ShareAction] = []
    for want in due:
        assert want.key is not None  # give_at answers for no others
        if in_company(tried.given.get(want.key)):
            alone.append(ShareAction(want.kind, want.role, (want.key,)))
        else:
            which = want.key.asset_id if want.kind in ("pixel", "person") else ""
            place = (_ORDER.index(want.kind), rank(want.role), want.role, which)
            together.setdefault(place, []).append(want.key)
    if together:
        place = min(together)
        return ShareAction(_ORDER[place[0]], place[2], tuple(sorted(set(together[place]))[:BATCH]))
    return min(alone, key=lambda give: give.keys, default=None)


def _first_take(due: Sequence[DesiredAccess]) -> UnshareAction | None:
    """What hangs on an ad account goes before the ad account."""
    keys = sorted({want.key for want in due if want.key}, key=lambda key: (key.kind == "ad_account", key))
    if not keys:
        return None
    first = keys[0]
    if first.kind in ("pixel", "person"):
        return UnshareAction(first.kind, (first,))
    return UnshareAction(first.kind, tuple(key for key in keys if key.kind == first.kind)[:BATCH])


def is_pending(want: DesiredAccess, seen: ObservedAccess, tried: ActionHistory) -> bool:
    """True if looking again may show something new without anybody being asked to act here."""
    if want.key is None:
        return False
    client, agency = seen.client.of(want.key), seen.agency.of(want.key)
    if not _may_show(agency) and not _may_show(client):
        return False
    if want.unwanted:
        return not want.over and not is_gone(want, seen, tried)
    if not want.is_live or (want.was_verified and not want.proved_by_client):
        return False
    if want.role == agency.role or client.everything:
        return want.key in seen.events_unread and not want.was_verified
    if not agency.is_read and client.role == want.role:
        return agency.why_not in (ReadFailure.UNAVAILABLE, ReadFailure.DENIED)
    return not is_refused(tried.given.get(want.key), want)


def _may_show(sight: Observation) -> bool:
    return sight.is_read or sight.why_not in (ReadFailure.UNAVAILABLE, ReadFailure.DENIED)
