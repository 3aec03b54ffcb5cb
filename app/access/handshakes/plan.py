"""The next thing to do so that what is seen becomes what is wanted. Pure and total."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.access.handshakes.world import ROLE_RANK, Seen, Side, Tried, Try, Unread, Want
from app.access.patience import MOST_TRIES, Patience

BATCH = 50


@dataclass(frozen=True)
class Share:
    """Share these ad accounts, at most 50, in one role."""

    role: str
    asset_ids: tuple[str, ...]


@dataclass(frozen=True)
class Wait:
    """Look again: at `until` where a moment is known, else by the schedule of looks."""

    until: datetime | None = None


@dataclass(frozen=True)
class Settled:
    """Nothing is left to do until a person acts."""


Step = Share | Wait | Settled


def plan(wanted: Sequence[Want], seen: Seen, tried: Tried, now: datetime, patience: Patience) -> Step:
    """The next step. Never shares what was not approved, nor what is seen already, nor repeats before looking.

    Ends: every asset is shared at most `MOST_TRIES` times until a person acts, and each share is followed by a look.
    """
    due: dict[str, list[str]] = {}
    alone: list[Share] = []
    moments: list[datetime] = []
    for want in wanted:
        moment = share_at(want, seen, tried, now, patience)
        if moment is not None and want.asset_id is not None:
            if moment <= now and _was_refused_in_company(tried.get(want.asset_id)):
                alone.append(Share(want.role, (want.asset_id,)))
            elif moment <= now:
                due.setdefault(want.role, []).append(want.asset_id)
            else:
                moments.append(moment)
    if due:
        role = min(due, key=lambda name: ROLE_RANK.get(name, 0))
        return Share(role, tuple(sorted(set(due[role]))[:BATCH]))
    if alone:
        return min(alone, key=lambda share: share.asset_ids)
    if moments:
        return Wait(min(moments))
    return Wait() if any(is_pending(want, seen, tried) for want in wanted) else Settled()


def share_at(want: Want, seen: Seen, tried: Tried, now: datetime, patience: Patience) -> datetime | None:
    """When this ask is to be shared by us: now, a later moment, or never (None)."""
    if not is_ours_to_share(want, seen) or want.asset_id is None:
        return None
    last = tried.get(want.asset_id)
    if last is None:
        return now
    if is_refused(last, want) or is_exhausted(last, want):
        return None
    if last.outcome == "denied":
        return now
    if last.outcome == "unavailable":
        return now
    rest = patience.accepted if last.outcome == "ok" and last.role == want.role else patience.settle
    return max(last.at + rest, now)


def is_ours_to_share(want: Want, seen: Seen) -> bool:
    """Whether the client approved it, we can write, the client's own list was read, and it lacks the role."""
    if not want.approved_at or want.declined or want.link_ended or want.over:
        return False
    if want.lane != "connected" or want.asset_id is None:
        return False
    if want.was_verified:  # somebody took away what was proved: only the client's new yes brings it back
        return False
    if not seen.client_can_write or seen.client.shares is None or not seen.owned.get(want.asset_id, False):
        return False
    if _holds(seen.agency.shares, want):
        return False
    return ROLE_RANK.get(seen.client.shares.get(want.asset_id, ""), 0) < ROLE_RANK.get(want.role, 0)


def is_pending(want: Want, seen: Seen, tried: Tried) -> bool:
    """Whether looking again may show something new without anybody being asked to act here."""
    if not want.approved_at or want.declined or want.over or want.asset_id is None:
        return False
    if want.was_verified and not want.proved_by_client:
        return False
    if not _may_show(seen.agency) and not _may_show(seen.client):
        return False
    if _shares_equal(seen.agency.shares, want):
        return False
    if seen.agency.shares is None and _shares_equal(seen.client.shares, want):
        return seen.agency.why_not is Unread.UNAVAILABLE
    return not is_refused(tried.get(want.asset_id), want)


def _may_show(side: Side) -> bool:
    return side.shares is not None or side.why_not in (Unread.UNAVAILABLE, Unread.DENIED)


def is_refused(last: Try | None, want: Want) -> bool:
    """Whether the platform's no stands: nobody agreed anew or asked to look again since.

    A no to several accounts at once may be about one of them: each is then asked for alone.
    """
    if last is None or last.outcome != "denied" or _acted_since(last, want):
        return False
    return not _was_refused_in_company(last)


def is_exhausted(last: Try | None, want: Want) -> bool:
    """Whether it was tried as often as makes sense without a person looking into it."""
    return last is not None and last.times >= MOST_TRIES and not _acted_since(last, want)


def _acted_since(last: Try, want: Want) -> bool:
    return any(moment is not None and moment > last.at for moment in (want.approved_at, want.recheck_at))


#: Refusals that are about whoever asks, not about one of the accounts.
_ABOUT_US = frozenset({"not_bc_admin", "connection_dead", "scope_not_authorised"})


def _was_refused_in_company(last: Try | None) -> bool:
    return last is not None and last.outcome == "denied" and last.batch > 1 and last.blocker not in _ABOUT_US


def _holds(shares: Mapping[str, str] | None, want: Want) -> bool:
    if shares is None or want.asset_id is None:
        return False
    return ROLE_RANK.get(shares.get(want.asset_id, ""), 0) >= ROLE_RANK.get(want.role, 0)


def _shares_equal(shares: Mapping[str, str] | None, want: Want) -> bool:
    return shares is not None and want.asset_id is not None and shares.get(want.asset_id) == want.role
