"""Next action for one buyer and one ad account, and its status: total; open only by a read. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from app.access.reconciler.action_history import repeat_at
from app.access.reconciler.state import DesiredAccess, Observation, PastAction, ReadFailure, rank
from app.access.reconciler.unshare_policy import NO_ROLE
from app.access.retry_policy import RetryTiming

#: Why a side that could not be read stands still until a person acts.
_UNREAD_CODES = {ReadFailure.DEAD: "connection_dead", ReadFailure.NO_TOKEN: "agency_not_connected"}


@dataclass(frozen=True)
class DesiredBuyer:
    """What one buyer is to have.

    `requested_at`: when somebody last said so; `seen_at`: when it was last seen as wished.
    """

    role: str
    wanted: bool
    ours: bool
    requested_at: datetime
    seen_at: datetime | None = None

    @property
    def was_done(self) -> bool:
        """True if it was open since it was asked for: what changed afterwards, somebody of the agency changed."""
        return self.seen_at is not None and self.seen_at >= self.requested_at


@dataclass(frozen=True)
class ObservedBuyer:
    """What the agency's token shows. `held`: their role on the ad account; `person`: whether they are a member at all.

    `person` is read only where somebody lacks the ad account; `user_id` is empty where it is not known.
    """

    held: Observation
    user_id: str = field(default="", repr=False)
    person: Literal["member", "invited", "nobody"] | Observation = "nobody"


@dataclass(frozen=True)
class AssignAction:
    """Give it in this role; where they have another role, change it."""

    user_id: str
    role: str


@dataclass(frozen=True)
class UnassignAction:
    """Take it from them."""

    user_id: str


@dataclass(frozen=True)
class BuyerStatus:
    """How it stands. `until`: look again then; `pending`: looking again may show something new by itself."""

    status: Literal["waiting", "open", "blocked", "leaving", "ended"]
    code: str | None = None
    until: datetime | None = None
    pending: bool = False


BuyerAction = AssignAction | UnassignAction
BuyerStep = BuyerAction | BuyerStatus


def plan_buyer(
    wish: DesiredBuyer,
    shown: ObservedBuyer,
    given: PastAction | None,
    taken: PastAction | None,
    now: datetime,
    patience: RetryTiming,
) -> BuyerStep:
    """The next step. Gives nothing twice before looking, and takes only what was ours to give."""
    if not wish.wanted:
        return _leave(wish, shown, given, taken, now, patience)
    if not shown.held.is_read:
        return _unread(wish, shown.held)
    has, needs = rank(shown.held.role), rank(wish.role)
    if has == needs or (has > needs and (wish.was_done or not wish.ours)):
        return BuyerStatus("open", "role_higher_than_requested" if has > needs else None)
    if wish.was_done:
        return BuyerStatus("blocked", "role_too_low" if has else "taken_away")
    return _give(wish, shown, given, taken, now, patience)


def _leave(
    wish: DesiredBuyer,
    shown: ObservedBuyer,
    given: PastAction | None,
    taken: PastAction | None,
    now: datetime,
    patience: RetryTiming,
) -> BuyerStep:
    if not wish.ours:
        return BuyerStatus("ended")
    if not shown.held.is_read:
        return BuyerStatus("leaving", _code(shown.held), pending=shown.held.why_not is ReadFailure.UNAVAILABLE)
    if shown.held.role is None:
        return BuyerStatus("ended")
    at = repeat_at(taken, _as_want(wish), NO_ROLE, now, patience, undone=given)
    if at is None:
        return BuyerStatus("leaving", (taken.blocker if taken else None) or "app_problem")
    return UnassignAction(shown.user_id) if at <= now else BuyerStatus("leaving", until=at, pending=True)


def _unread(wish: DesiredBuyer, held: Observation) -> BuyerStatus:
    """The ad account's holders could not be read: what was seen stands until a read says otherwise."""
    if held.why_not is ReadFailure.UNAVAILABLE:
        return BuyerStatus("open" if wish.was_done else "waiting", pending=True)
    return BuyerStatus("blocked", _code(held))


def _give(
    wish: DesiredBuyer,
    shown: ObservedBuyer,
    given: PastAction | None,
    taken: PastAction | None,
    now: datetime,
    patience: RetryTiming,
) -> BuyerStep:
    if isinstance(shown.person, Observation):
        if shown.person.why_not is ReadFailure.UNAVAILABLE:
            return BuyerStatus("waiting", pending=True)
        return BuyerStatus("blocked", _code(shown.person))
    if not shown.user_id:
        # they may accept, or be invited, at any time: that is seen by looking now and then
        return BuyerStatus(
            "blocked", "invitation_pending" if shown.person == "invited" else "not_a_member", pending=True
        )
    if given is not None and wish.seen_at is not None and given.at <= wish.seen_at:
        given = None  # it arrived and was seen; what became of it since is no reason to wait
    at = repeat_at(given, _as_want(wish), wish.role, now, patience, undone=taken)
    if at is None:
        return BuyerStatus("blocked", (given.blocker if given else None) or "app_problem")
    return AssignAction(shown.user_id, wish.role) if at <= now else BuyerStatus("waiting", until=at, pending=True)


def _code(sight: Observation) -> str | None:
    if sight.why_not is ReadFailure.UNAVAILABLE:
        return None
    return _UNREAD_CODES.get(sight.why_not) if sight.why_not in _UNREAD_CODES else sight.blocker or "app_problem"


def _as_want(wish: DesiredBuyer) -> DesiredAccess:
    """As the rules for repeating an attempt know it."""
    return DesiredAccess(None, "ad_account", None, wish.role, "connected", approved_at=wish.requested_at)
