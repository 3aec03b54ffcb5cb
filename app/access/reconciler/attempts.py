"""When an attempt may be repeated: the rules that giving and taking away have in common. Pure."""

from datetime import datetime

from app.access.reconciler.state import DesiredAccess, PastAction
from app.access.retry_timing import MOST_ACCEPTED, MOST_TRIES, RetryTiming

#: Refusals that are about whoever asks, not about one of the assets.
ABOUT_US = frozenset({"not_bc_admin", "connection_dead", "scope_not_authorized"})


def again_at(
    last: PastAction | None,
    want: DesiredAccess,
    role: str,
    now: datetime,
    patience: RetryTiming,
    *,
    undone: PastAction | None,
) -> datetime | None:
    """When to try (again): now, a later moment, or never until a person acts (None).

    `undone` is the last attempt at the opposite: what came before it tells nothing any more.
    """
    if last is None or (undone is not None and undone.at > last.at and undone.may_have_happened):
        return now
    if is_exhausted(last, want) or is_refused(last, want):
        return None
    if last.outcome in ("denied", "unavailable"):
        return now
    rest = patience.accepted if last.outcome == "ok" and last.role == role else patience.settle
    return max(last.at + rest, now)


def is_refused(last: PastAction | None, want: DesiredAccess) -> bool:
    """True if the platform refused and nobody has acted since.

    A refusal of several assets at once may concern only one of them: each is then requested separately.
    """
    return last is not None and last.outcome == "denied" and not acted_since(last, want) and not in_company(last)


def is_exhausted(last: PastAction | None, want: DesiredAccess) -> bool:
    """True if the attempts are used up until a person acts."""
    if last is None or acted_since(last, want):
        return False
    return last.times >= (MOST_ACCEPTED if last.outcome == "ok" else MOST_TRIES)


def in_company(last: PastAction | None) -> bool:
    """True if the last refusal covered several assets and may concern one of the others."""
    return last is not None and last.outcome == "denied" and last.batch > 1 and last.blocker not in ABOUT_US


def acted_since(last: PastAction, want: DesiredAccess) -> bool:
    """True if a person agreed, requested a check, or authorized after the attempt."""
    return any(moment > last.at for moment in want.acts)
