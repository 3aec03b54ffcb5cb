"""Next action for one buyer and one asset, and its status. Total; `open` rests on a read. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from app.access.pacing import RetryTiming
from app.access.reconciler.action_history import BuyerHistory, repeat_at
from app.access.reconciler.planner import NO_ROLE
from app.access.reconciler.state import PastAction
from app.platforms.access import Observation, ReadFailure
from app.platforms.port import AssetKind

#: Reads that fail until a person acts, and the code for each.
_UNREAD_CODES = {ReadFailure.DEAD: "connection_dead", ReadFailure.NO_TOKEN: "agency_not_connected"}


@dataclass(frozen=True)
class DesiredBuyer:
    """Desired access of one buyer to one asset of a kind.

    `requested_at`: last time that a person requested it; `seen_at`: last observation as desired.
    """

    buyer_access_id: str
    kind: AssetKind
    role: str
    wanted: bool
    ours: bool
    requested_at: datetime
    seen_at: datetime | None = None

    @property
    def was_done(self) -> bool:
        """True if it was open since it was requested: a later change was made by a person of the agency."""
        return self.seen_at is not None and self.seen_at >= self.requested_at

    @property
    def acts(self) -> tuple[datetime, ...]:
        """Times of actions after which a refused attempt is repeated."""
        return (self.requested_at,)


@dataclass(frozen=True)
class ObservedBuyer:
    """Observed access of one buyer. `held`: their role on the asset; `person`: their membership.

    `person` is read only if a buyer lacks the asset; `user_id` is empty if unknown.
    """

    held: Observation
    user_id: str = field(default="", repr=False)
    person: Literal["member", "invited", "nobody"] | Observation = "nobody"


@dataclass(frozen=True)
class AssignAction:
    """Assign the asset in this role, or change the role that they have."""

    user_id: str
    role: str


@dataclass(frozen=True)
class UnassignAction:
    """Remove the asset from them."""

    user_id: str


@dataclass(frozen=True)
class BuyerStatus:
    """Status while there is nothing to do. `until`: observe again then; `pending`: it may change by itself."""

    status: Literal["waiting", "open", "blocked", "leaving", "ended"]
    code: str | None = None
    until: datetime | None = None
    pending: bool = False


BuyerAction = AssignAction | UnassignAction
BuyerStep = BuyerAction | BuyerStatus


def plan_buyer(
    desired: DesiredBuyer, observed: ObservedBuyer, history: BuyerHistory, now: datetime, timing: RetryTiming
) -> BuyerStep:
    """The next step. Assigns nothing twice before an observation, and removes only what we assigned."""
    assigned = history.assigned.get(desired.buyer_access_id)
    unassigned = history.unassigned.get(desired.buyer_access_id)
    if not desired.wanted:
        return _remove(desired, observed, assigned, unassigned, now, timing)
    if not observed.held.is_read:
        return _unread(desired, observed.held)
    has, needs = desired.kind.rank(observed.held.role), desired.kind.rank(desired.role)
    if has == needs or (has > needs and (desired.was_done or not desired.ours)):
        return BuyerStatus("open", "role_higher_than_requested" if has > needs else None)
    if desired.was_done:
        return BuyerStatus("blocked", "role_too_low" if has else "taken_away")
    return _assign(desired, observed, assigned, unassigned, now, timing)


def _remove(
    desired: DesiredBuyer,
    observed: ObservedBuyer,
    assigned: PastAction | None,
    unassigned: PastAction | None,
    now: datetime,
    timing: RetryTiming,
) -> BuyerStep:
    if not desired.ours:
        return BuyerStatus("ended")
    if not observed.held.is_read:
        pending = observed.held.why_not is ReadFailure.UNAVAILABLE
        return BuyerStatus("leaving", _code(observed.held), pending=pending)
    if observed.held.role is None:
        return BuyerStatus("ended")
    at = repeat_at(unassigned, desired, NO_ROLE, now, timing, undone=assigned)
    if at is None:
        return BuyerStatus("leaving", (unassigned.blocker if unassigned else None) or "app_problem")
    return UnassignAction(observed.user_id) if at <= now else BuyerStatus("leaving", until=at, pending=True)


def _unread(desired: DesiredBuyer, held: Observation) -> BuyerStatus:
    """The holders of the asset could not be read: the last observation stands."""
    if held.why_not is ReadFailure.UNAVAILABLE:
        return BuyerStatus("open" if desired.was_done else "waiting", pending=True)
    return BuyerStatus("blocked", _code(held))


def _assign(
    desired: DesiredBuyer,
    observed: ObservedBuyer,
    assigned: PastAction | None,
    unassigned: PastAction | None,
    now: datetime,
    timing: RetryTiming,
) -> BuyerStep:
    if isinstance(observed.person, Observation):
        if observed.person.why_not is ReadFailure.UNAVAILABLE:
            return BuyerStatus("waiting", pending=True)
        return BuyerStatus("blocked", _code(observed.person))
    if not observed.user_id:  # they may accept, or be invited, at any time
        code = "invitation_pending" if observed.person == "invited" else "not_a_member"
        return BuyerStatus("blocked", code, pending=True)
    if assigned is not None and desired.seen_at is not None and assigned.at <= desired.seen_at:
        assigned = None  # it was observed since: do not wait for it
    at = repeat_at(assigned, desired, desired.role, now, timing, undone=unassigned)
    if at is None:
        return BuyerStatus("blocked", (assigned.blocker if assigned else None) or "app_problem")
    if at > now:
        return BuyerStatus("waiting", until=at, pending=True)
    return AssignAction(observed.user_id, desired.role)


def _code(observation: Observation) -> str | None:
    if observation.why_not is ReadFailure.UNAVAILABLE:
        return None
    if observation.why_not in _UNREAD_CODES:
        return _UNREAD_CODES[observation.why_not]
    return observation.blocker or "app_problem"
