"""What is ours to share, and when. Pure."""

from datetime import datetime

from app.access.handshakes.deciding.attempts import acted_since, again_at
from app.access.handshakes.deciding.world import Key, Seen, Tried, Want, rank
from app.access.patience import Patience

#: Kinds that can be shared by API at all; the others are shared by hand in either lane.
BY_API = frozenset({"ad_account", "pixel", "person"})


def give_at(want: Want, seen: Seen, tried: Tried, now: datetime, patience: Patience) -> datetime | None:
    """When this ask is to be shared by us: now, a later moment, or never (None)."""
    if want.key is None or not is_ours_to_give(want, seen):
        return None
    last, undone = tried.given.get(want.key), tried.taken.get(want.key)
    if seen.client.of(want.key).rejected:
        return None if is_turned_down(want, seen, tried) else now
    return again_at(last, want, want.role, now, patience, undone=undone)


def is_ours_to_give(want: Want, seen: Seen) -> bool:
    """Whether the client approved it, we can write, the client's own list was read, and it lacks the role."""
    if want.key is None or not want.is_live or want.link_ended or want.unwanted:
        return False
    if want.lane != "connected" or want.kind not in BY_API:
        return False
    if want.was_verified and want.reduce_at is None:
        return False  # somebody took away what was proved: only the client's new yes brings it back
    if not may_write(want.key, seen) or want.key in seen.problems:
        return False
    client, agency = seen.client.of(want.key), seen.agency.of(want.key)
    if client.pending or rank(agency.role) >= rank(want.role):
        return False
    return rank(client.role) < rank(want.role) and is_account_there(want.key, seen)


def is_turned_down(want: Want, seen: Seen, tried: Tried) -> bool:
    """Whether the person said no to the invitation, and nobody asked to try again since."""
    if want.key is None or not seen.client.of(want.key).rejected:
        return False
    last = tried.given.get(want.key)
    return last is not None and not acted_since(last, want)


def may_write(key: Key, seen: Seen) -> bool:
    """Whether the client's token may be used for a change here: never without having read the client's own list."""
    return seen.client_can_write and seen.center is None and seen.client.of(key).is_read


def is_account_there(key: Key, seen: Seen) -> bool:
    """Whether the ad account this hangs on is shared already, as either side shows."""
    account = key.account
    return account is None or any(side.of(account).role is not None for side in (seen.client, seen.agency))
