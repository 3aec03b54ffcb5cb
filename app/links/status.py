"""Where a link stands, and what that means for whoever opens it."""

from collections.abc import Iterable
from datetime import datetime

STATUSES = ("draft", "sent", "opened", "in_progress", "submitted", "completed", "expired", "revoked")

#: States in which an ask needs nothing more of anybody.
PROVED = frozenset({"verified", "attested"})
OVER = frozenset({"declined", "ended"})

LANES = ("connected", "guided")


def as_of(status: str, expires_at: datetime, now: datetime) -> str:
    """The status to act on: a link past its time is `expired` even before the row says so.

    A completed link stays open as the client's receipt.
    """
    if status not in ("completed", "revoked", "expired") and expires_at <= now:
        return "expired"
    return status


def is_dead(status: str) -> bool:
    """Whether the link can no longer be used."""
    return status in ("expired", "revoked")


def is_complete(states: list[tuple[str, bool]]) -> bool:
    """Whether every required ask is proved; `states` are (state, required). A link of no proved ask is not."""
    required = [state for state, is_required in states if is_required and state not in OVER]
    return bool(required) and all(state in PROVED for state in required)


def advanced(status: str, to: str) -> str:
    """The later of two of the living statuses: a link never goes back."""
    return max(status, to, key=STATUSES.index)


def next_actor(status: str, actors: Iterable[str | None]) -> str | None:
    """Whose turn it is on the link as a whole: before consent by its status, then by its asks, people first."""
    if is_dead(status) or status == "completed":
        return None
    if status == "draft":
        return "agency"
    if status != "submitted":
        return "client"
    waiting = set(actors)
    return next((actor for actor in ("client", "agency", "platform", "us") if actor in waiting), None)
