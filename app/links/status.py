"""Status of a link, and its effect on the pages and on the next actor. Pure."""

from collections.abc import Iterable
from datetime import datetime

STATUSES = ("draft", "sent", "opened", "in_progress", "submitted", "completed", "drifted", "expired", "revoked")

#: States in which an access request needs nothing more of anybody.
PROVED = frozenset({"verified", "attested"})
OVER = frozenset({"declined", "ended"})

#: Order in which actors are named if several must act.
TURNS = ("client", "agency", "platform", "us")

LANES = ("connected", "guided")


def as_of(status: str, expires_at: datetime, now: datetime) -> str:
    """The status to act on: a link past its time is `expired` even before the row says so.

    A completed link stays open as the client's receipt, also while what it gave has drifted.
    """
    if status not in ("completed", "drifted", "revoked", "expired") and expires_at <= now:
        return "expired"
    return status


def is_dead(status: str) -> bool:
    """True if the link can no longer be used."""
    return status in ("expired", "revoked")


def is_complete(statuses: list[tuple[str, bool]]) -> bool:
    """True if every required access request is proved; `statuses` are (status, required).

    A link of no proved access request is not.
    """
    required = [status for status, is_required in statuses if is_required and status not in OVER]
    return bool(required) and all(status in PROVED for status in required)


def advanced(status: str, to: str) -> str:
    """The later of two of the living statuses: a link never goes back."""
    return max(status, to, key=STATUSES.index)


def following(status: str, statuses: list[tuple[str, bool]]) -> str:
    """The status that follows from the access requests, for a link whose client has said yes; `statuses` as above.

    Complete once all is proved, and back to life where that is no longer so. What merely cannot be read at the moment
    is nothing for the client to do.
    """
    if status in ("draft", "expired", "revoked"):
        return status
    if any(status == "drifted" for status, _ in statuses):
        return "drifted" if status in ("completed", "drifted") else status
    if is_complete(statuses):
        return "completed"
    unread = is_complete([("verified" if status == "unverifiable" else status, needed) for status, needed in statuses])
    if status == "completed" and unread:
        return status
    return "submitted" if status in ("completed", "drifted") else status


def next_actor(status: str, actors: Iterable[str | None]) -> str | None:
    """Next actor of the link as a whole:
    before consent by its status, then by its access requests, people first.
    """
    if is_dead(status):
        return None
    if status == "draft":
        return "agency"
    if status not in ("submitted", "completed", "drifted"):
        return "client"
    waiting = set(actors)
    return next((actor for actor in TURNS if actor in waiting), None)


def turn(
    status: str, since: datetime, access_requests: Iterable[tuple[str | None, datetime]]
) -> tuple[str | None, datetime]:
    """Next actor of the link, and since when; `access_requests` are (next actor, in this status since)."""
    known = list(access_requests)
    actor = next_actor(status, [each for each, _ in known])
    moments = [at for each, at in known if each == actor] if status in ("submitted", "completed", "drifted") else []
    return actor, min(moments, default=since)
