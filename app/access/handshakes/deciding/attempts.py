"""When an attempt may be repeated: the rules that giving and taking away have in common. Pure."""

from datetime import datetime

from app.access.handshakes.deciding.world import Try, Want
from app.access.patience import MOST_TRIES, Patience

#: Refusals that are about whoever asks, not about one of the assets.
_ABOUT_US = frozenset({"not_bc_admin", "connection_dead", "scope_not_authorised"})


def again_at(
    last: Try | None, want: Want, role: str, now: datetime, patience: Patience, *, undone: Try | None
) -> datetime | None:
    """When to try (again): now, a later moment, or never until a person acts (None).

    `undone` is the last attempt at the opposite: what came before it tells nothing any more.
    """
    if last is None:
        return now
    if is_exhausted(last, want):
        return None
    if undone is not None and undone.at > last.at and undone.may_have_happened:
        return now
    if is_refused(last, want):
        return None
    if last.outcome in ("denied", "unavailable"):
        return now
    rest = patience.accepted if last.outcome == "ok" and last.role == role else patience.settle
    return max(last.at + rest, now)


def is_refused(last: Try | None, want: Want) -> bool:
    """Whether the platform's no stands: nobody agreed anew or asked to look again since.

    A no to several assets at once may be about one of them: each is then asked for alone.
    """
    if last is None or last.outcome != "denied" or acted_since(last, want):
        return False
    if last.blocker in _ABOUT_US and want.connected_at is not None and want.connected_at > last.at:
        return False  # it was about whoever asked then: somebody authorised since
    return not was_refused_in_company(last)


def is_exhausted(last: Try | None, want: Want) -> bool:
    """Whether it was tried as often as makes sense without a person looking into it."""
    return last is not None and last.times >= MOST_TRIES and not acted_since(last, want)


def was_refused_in_company(last: Try | None) -> bool:
    """Whether the last no was to several assets and may be about one of the others."""
    return last is not None and last.outcome == "denied" and last.batch > 1 and last.blocker not in _ABOUT_US


def acted_since(last: Try, want: Want) -> bool:
    """Whether somebody agreed, or asked to look again, after an attempt."""
    acts = (want.approved_at, want.recheck_at, want.reduce_at)
    return any(moment is not None and moment > last.at for moment in acts)
