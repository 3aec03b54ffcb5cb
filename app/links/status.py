"""Statuses of a link and of a public link, and their effect on the next actor. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

STATUSES = ("draft", "sent", "opened", "in_progress", "submitted", "completed", "drifted", "expired", "revoked")

#: Statuses in which an access request needs no further action.
PROVED = frozenset({"verified", "attested"})
OVER = frozenset({"declined", "ended"})

#: Order in which actors are named if several must act.
TURNS = ("client", "agency", "platform", "us")

LANES = ("connected", "guided")


def as_of(status: str, expires_at: datetime, now: datetime) -> str:
    """The effective status: a link past its expiry is `expired` even before the row says so.

    A completed link stays open as the client's receipt, even if its access has drifted.
    """
    if status not in ("completed", "drifted", "revoked", "expired") and expires_at <= now:
        return "expired"
    return status


def is_dead(status: str) -> bool:
    """True if the link can no longer be used."""
    return status in ("expired", "revoked")


def is_complete(statuses: list[tuple[str, bool]]) -> bool:
    """True if every required access request is proved; `statuses` are (status, required).

    A link without a proved access request is not.
    """
    required = [status for status, is_required in statuses if is_required and status not in OVER]
    return bool(required) and all(status in PROVED for status in required)


def advanced(status: str, to: str) -> str:
    """The later of two active statuses: a link never returns to an earlier one."""
    return max(status, to, key=STATUSES.index)


def following(status: str, statuses: list[tuple[str, bool]]) -> str:
    """The status that follows from the access requests, for a link with a consent; `statuses` as above.

    It is completed once all are proved, and open again if one no longer is. An access request that merely cannot be
    read at the moment does not reopen it: the client has nothing to do.
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


#: The limits of a public link count the uses of the last hour.
PUBLIC_LINK_WINDOW = timedelta(hours=1)
#: Uses per hour from one network address; an office behind one address stays below it.
MOST_PER_ADDRESS = 5


def public_link_status(
    *, revoked_at: datetime | None, expires_at: datetime | None, uses: int, most_uses: int | None, now: datetime
) -> str:
    """`open`, `revoked`, `expired` or `used_up`."""
    if revoked_at is not None:
        return "revoked"
    if expires_at is not None and expires_at <= now:
        return "expired"
    return "used_up" if most_uses is not None and uses >= most_uses else "open"


def is_too_busy(*, in_all: int, most_per_hour: int, from_here: int) -> bool:
    """True if the uses of the last hour leave no room for one more."""
    return in_all >= most_per_hour or from_here >= MOST_PER_ADDRESS
