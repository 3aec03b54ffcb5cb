"""Status of an access request, derived from reads and attempts: total, and verified only after a read. Pure.

No access request waits for us or for the platform for ever. It is our turn only while `share_at` or `unshare_at`
returns a time, and the platform's only within the limits of `RetryTiming`. After that, a code names the blocker and its
next actor.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from app.access.pacing import RetryTiming
from app.access.reconciler.action_history import is_exhausted, is_refused
from app.access.reconciler.planner import (
    is_declined,
    is_gone,
    is_guided,
    is_interrupted,
    is_invitation_rejected,
    is_parent_present,
    last_share,
    refusal,
    share_at,
    unshare_at,
)
from app.access.reconciler.state import ActionHistory, DesiredAccess, ObservedAccess, PastAction
from app.platforms.access import AssetKey, Observation, PlatformAnswer, ReadFailure
from app.platforms.blockers import NextActor
from app.platforms.blockers import next_actor as actor_of

SeenBy = Literal["agency", "client"]


@dataclass(frozen=True)
class Status:
    """One access request as shown. `seen_by`: side whose token showed the role; `code`: with `blocked` and `drifted`.

    `answer` is the platform's own message about the blocker. Status `leaving` is internal: the access must be removed
    and is still there.
    """

    status: str
    next_actor: NextActor | None = None
    code: str | None = None
    role_seen: str | None = None
    seen_by: SeenBy | None = None
    answer: PlatformAnswer | None = field(default=None, compare=False)


@dataclass(frozen=True)
class _Case:
    """One access request with everything its status depends on.

    `parent` is the status of the asset that it depends on.
    """

    desired: DesiredAccess
    key: AssetKey
    all_desired: Sequence[DesiredAccess]
    observed: ObservedAccess
    history: ActionHistory
    now: datetime
    timing: RetryTiming
    parent: Status | None = None

    @property
    def agency(self) -> Observation:
        return self.observed.agency.of(self.key)

    @property
    def client(self) -> Observation:
        return self.observed.client.of(self.key)

    @property
    def last(self) -> PastAction | None:
        """The last attempt to share it that still counts."""
        return last_share(self.desired, self.history)

    @property
    def gives(self) -> bool:
        """True if we will share it, now or at a known time."""
        return share_at(self.desired, self.observed, self.history, self.now, self.timing) is not None

    @property
    def takes(self) -> bool:
        """True if we will remove it."""
        return (
            unshare_at(self.desired, self.all_desired, self.observed, self.history, self.now, self.timing) is not None
        )

    @property
    def is_fresh(self) -> bool:
        """True if an accepted share may still appear by itself."""
        return self.is_recent(self.last) and self.last is not None and self.last.outcome == "ok"

    def is_recent(self, attempt: PastAction | None) -> bool:
        """True if the attempt is so recent that its result may not be visible yet."""
        return attempt is not None and self.now < attempt.at + self.timing.accepted

    @property
    def is_silent(self) -> bool:
        """True if the platform has been unreachable for so long that it must be reported."""
        tries = (self.last, self.history.unshared.get(self.key))
        since = [self.observed.unavailable_since, *(each.since for each in tries if each is not None)]
        return any(moment is not None and self.now >= moment + self.timing.silence for moment in since)


def statuses(
    all_desired: Sequence[DesiredAccess],
    observed: ObservedAccess,
    history: ActionHistory,
    now: datetime,
    timing: RetryTiming,
) -> list[Status]:
    """The status of every access request, in order. One that depends on another asset may wait for its next actor."""
    parents: dict[AssetKey | None, Status] = {}
    for desired in all_desired:
        asked = desired.kind.has_dependents and not (desired.over or desired.declined or desired.unwanted)
        if asked and (desired.is_live or desired.key not in parents):
            parents[desired.key] = status(desired, all_desired, observed, history, now, timing)
    return [
        status(
            desired,
            all_desired,
            observed,
            history,
            now,
            timing,
            parents.get(desired.parent),
        )
        for desired in all_desired
    ]


def changes_at(
    all_desired: Sequence[DesiredAccess],
    observed: ObservedAccess,
    history: ActionHistory,
    now: datetime,
    timing: RetryTiming,
) -> datetime | None:
    """Next time at which a status changes only because time passes; None if never."""
    tries = [*history.shared.values(), *history.unshared.values()]
    moments = {each.at + timing.accepted for each in tries}
    moments |= {each.since + timing.silence for each in tries if each.since is not None}
    moments |= {desired.seen_at + timing.proof for desired in all_desired if desired.seen_at is not None}
    moments |= {observed.unavailable_since + timing.silence} if observed.unavailable_since is not None else set()
    shown = statuses(all_desired, observed, history, now, timing)
    ahead = sorted(moment for moment in moments if moment > now)
    return next((moment for moment in ahead if statuses(all_desired, observed, history, moment, timing) != shown), None)


def status(
    desired: DesiredAccess,
    all_desired: Sequence[DesiredAccess],
    observed: ObservedAccess,
    history: ActionHistory,
    now: datetime,
    timing: RetryTiming,
    parent: Status | None = None,
) -> Status:
    """The status of one access request; `parent` is that of the asset that it depends on."""
    if desired.over:
        return Status("ended")
    if desired.declined:
        return Status("declined")
    if desired.key is None or not (desired.approved_at or desired.unwanted):
        return Status("waiting", "client")
    case = _Case(desired, desired.key, all_desired, observed, history, now, timing, parent)
    if desired.unwanted:
        return _leaving(case)
    found = _seen_by_agency(case) if case.agency.is_read else _agency_cannot_see(case)
    if desired.link_ended and found.next_actor == "client":
        return replace(found, next_actor="agency")  # the client cannot use a link that has ended
    return found


def _leaving(case: _Case) -> Status:
    desired = case.desired
    if is_gone(desired, case.observed, case.history):
        return Status("ended")
    if desired.held_by_others:
        return Status("leaving", "agency")
    if case.takes and not case.is_silent:
        return Status("leaving", "us")
    if case.takes:  # the client can do it by hand at once
        return Status("leaving", "client", "platform_unavailable")
    if failed := refusal(desired, case.history):
        return Status("leaving", "client", failed[0], answer=failed[1].answer)
    away = case.client.why_not is ReadFailure.UNAVAILABLE and case.observed.client_can_write
    return Status("leaving", "us" if away and not case.is_silent else "client")


def _seen_by_agency(case: _Case) -> Status:
    desired, client = case.desired, case.client
    if case.agency.role is not None:
        return _of_role(case, case.agency, "agency")
    if client.role is not None:
        if _is_as_agreed(case, client):
            return Status("awaiting_partner", "agency", None, client.role, "client")
        return _of_role(case, client, "client")
    return _absent(case) if client.is_read or not desired.proved_by_client else Status("awaiting_partner", "agency")


def _absent(case: _Case) -> Status:
    """Absent on at least one side that was read."""
    desired = case.desired
    if is_invitation_rejected(desired, case.observed, case.history):
        return _blocked("invitation_rejected")
    if case.client.pending:
        return Status("awaiting_partner", "agency", "invitation_pending")
    if is_declined(desired, case.observed, case.history):
        return _blocked("partner_declined")
    if desired.was_verified and desired.reduce_at is None:
        return _gone(case)
    return _under_way(case)


def _of_role(case: _Case, observation: Observation, seen_by: SeenBy) -> Status:
    """Status from the side that shows a role and counts."""
    desired, role = case.desired, observation.role
    assert role is not None  # only such observations are passed
    if _is_as_agreed(case, observation):
        return _of_events(case, role, seen_by)
    status = "drifted" if desired.was_verified else "blocked"
    if case.gives or case.takes:
        if case.is_silent:
            return Status(status, "platform", "platform_unavailable", role, seen_by)
        return Status("drifted" if desired.was_verified else "approved", "us", None, role, seen_by)
    higher = desired.kind.rank(role) > desired.kind.rank(desired.role)
    if higher and is_interrupted(desired, case.history) and case.is_recent(case.history.unshared.get(case.key)):
        return Status("approved", "platform", None, role, seen_by)  # removed; this side is only slow to show it
    code, answer = "role_higher_than_requested" if higher else "role_too_low", None
    actor: NextActor | None = None
    if higher and desired.reduce_at is not None:
        if failed := refusal(desired, case.history):
            code, answer = failed[0], failed[1].answer
        elif desired.held_by_others:
            actor = "agency"
    elif not higher and case.last is not None and is_refused(case.last, desired):
        answer = case.last.answer
        code = str(case.last.blocker) if case.last.blocker in _ABOUT_WHO_ASKS else code
    return Status(status, actor or actor_of(code), code, role, seen_by, answer)


#: Refusals of a raise that say more than that the role is too low.
_ABOUT_WHO_ASKS = frozenset({"not_bc_admin", "connection_dead", "scope_not_authorized", "platform_changed"})


def _of_events(case: _Case, role: str, seen_by: SeenBy) -> Status:
    """The role is as agreed; for an asset that must receive events, these must be observed too."""
    desired = case.desired
    proof = Status("verified", None, None, role, seen_by)
    if not desired.needs_events or desired.was_verified or not desired.kind.has_events:
        return proof
    count = case.observed.events.get(case.key)
    if count:
        return proof
    if count == 0:
        return _blocked("pixel_silent", role, seen_by)
    unread = case.observed.events_unread.get(case.key, Observation())
    if unread.why_not is ReadFailure.UNAVAILABLE:
        return _while_away(case, role, seen_by)
    code = "platform_changed" if unread.blocker == "platform_changed" else "pixel_events_unread"
    return replace(_blocked(code, role, seen_by), answer=unread.answer)


def _is_as_agreed(case: _Case, observation: Observation) -> bool:
    """True if the role observed is the agreed role, or another agreed access already covers it.

    A person may be allowed everything at the client. The client may have agreed to a wider role of the same asset on
    another of its links.
    """
    desired, role = case.desired, observation.role
    if role == desired.role or observation.everything:
        return True
    others = [each for each in case.all_desired if each is not desired and each.key == case.key and each.is_live]
    is_higher = desired.kind.rank(role) > desired.kind.rank(desired.role)
    return is_higher and any(each.role == role and not each.unwanted for each in others)


def _gone(case: _Case) -> Status:
    """Verified access is gone: its code and the next actor."""
    last, client = case.last, case.client
    missing = case.desired.kind.missing_code
    if case.gives:
        late = case.is_silent
        return Status("drifted", "platform" if late else "us", "platform_unavailable" if late else missing)
    code, answer = missing, None
    if client.why_not not in (ReadFailure.DEAD, ReadFailure.NO_TOKEN) and (lasting := _lasting(case)):
        code = lasting
    elif last is not None and is_refused(last, case.desired):
        code, answer = last.blocker or "app_problem", last.answer
    elif last is not None and is_exhausted(last, case.desired):
        code, answer = _of_exhausted(last), last.answer
    elif case.desired.kind.between_partners and case.observed.partnered is False:
        code = "partnership_ended"
    return Status("drifted", actor_of(code), code, answer=answer)


def _agency_cannot_see(case: _Case) -> Status:
    desired, agency, client = case.desired, case.agency, case.client
    if agency.why_not is ReadFailure.UNAVAILABLE and not desired.was_verified and desired.kind.seen_by_agency:
        # it can be read, only not now: the client's word alone must not turn it green
        return _under_way(case)
    if agency.blocker == "agency_must_reauthorize" and not desired.was_verified and _is_done(case):
        seen_by: SeenBy | None = "client" if client.role else None
        return Status("blocked", "agency", agency.blocker, client.role, seen_by, agency.answer)
    if client.role is not None:
        if not _is_as_agreed(case, client) or _is_in_force(case):
            return _of_role(case, client, "client")
        if desired.attested:
            return Status("attested")
        return Status("unverifiable", "agency", agency.blocker, client.role, "client", agency.answer)
    if client.is_read or client.pending or client.rejected:
        return _absent(case)
    if desired.was_verified and desired.reduce_at is None:
        return _unseen_now(case)
    if desired.attested:
        return Status("attested")
    refused = agency.why_not is ReadFailure.DENIED
    if _is_done(case) and (refused or desired.lane == "guided"):
        return Status("unverifiable", "agency", agency.blocker if refused else None, answer=agency.answer)
    return _under_way(case)


def _is_in_force(case: _Case) -> bool:
    """True if the agency has accepted the share that the client's list shows.

    So it is for kinds that only the client's side shows. For others, the agency's token saw the access before, or sees
    the client among its partners.
    """
    proved_by_agency = case.desired.was_verified and not case.desired.proved_by_client
    return not case.desired.kind.seen_by_agency or proved_by_agency or case.observed.partnered is True


def _unseen_now(case: _Case) -> Status:
    """Verified access cannot be read now: its proof ends after `timing.proof`, unless only the client can see it."""
    desired = case.desired
    if not desired.kind.seen_by_agency or desired.seen_at is None or case.now < desired.seen_at + case.timing.proof:
        return Status("verified", None, None, desired.role, None)
    if case.agency.why_not is ReadFailure.UNAVAILABLE:
        return Status("unverifiable", "platform", "platform_unavailable", desired.role)
    code = "agency_must_reauthorize" if case.agency.blocker != "platform_changed" else "platform_changed"
    return Status("unverifiable", "agency", code, desired.role, answer=case.agency.answer)


def _is_done(case: _Case) -> bool:
    """True if it is done as far as known: observed by the client, sent by us, or done by hand according to people."""
    given = case.history.shared.get(case.key)
    sent = given is not None and given.outcome == "ok"
    return case.client.role is not None or sent or (case.desired.lane == "guided" and case.desired.says_done)


def _under_way(case: _Case) -> Status:
    """Not observed on any side that could be read."""
    desired, last, client = case.desired, case.last, case.client
    if desired.link_ended:
        if desired.listed_at is not None and not desired.was_verified:
            return Status("awaiting_partner", "agency")
        if last is not None and last.may_have_happened:
            return Status("awaiting_partner", "platform" if case.is_recent(last) else "agency")
        return _blocked("access_interrupted") if is_interrupted(desired, case.history) else Status("ended")
    if is_guided(desired):
        return _by_hand(case)
    closed = client.why_not in (ReadFailure.DEAD, ReadFailure.NO_TOKEN) or (
        client.is_read and not case.observed.client_can_write
    )
    if is_interrupted(desired, case.history) and (client.is_read or closed) and not case.is_fresh:
        refused = last is not None and last.outcome == "denied" and last.at > case.history.unshared[case.key].at
        if refused or not case.gives:
            interrupted = _blocked("access_interrupted", actor="us" if case.gives else "client")
            return replace(interrupted, answer=last.answer if last is not None and refused else None)
    lasting = _lasting(case)
    if lasting is not None and not closed:
        return _blocked(lasting)  # more precise than the refusal that follows from it
    if case.gives:
        if last is not None and last.outcome == "ok":
            return Status("awaiting_partner", "platform")
        return _blocked("platform_unavailable") if case.is_silent else Status("approved", "us")
    if is_refused(last, desired) and last is not None:
        return replace(_blocked(last.blocker or "app_problem"), answer=last.answer)
    if case.is_fresh:
        return Status("awaiting_partner", "platform")
    if is_exhausted(last, desired) and last is not None:
        return replace(_blocked(_of_exhausted(last)), answer=last.answer)
    if closed:
        if desired.listed_at is not None:
            return Status("awaiting_partner", "agency")
        never = client.why_not is ReadFailure.NO_TOKEN and client.blocker is None
        return _blocked(case.observed.authorization_blocker or ("not_connected" if never else "connection_dead"))
    if client.why_not is ReadFailure.DENIED:
        return replace(_blocked(client.blocker or "app_problem"), answer=client.answer)
    if ReadFailure.UNAVAILABLE in (client.why_not, case.agency.why_not):
        return _while_away(case)
    return _waiting_for_parent(case)


def _of_exhausted(last: PastAction) -> str:
    """Code for attempts that are used up: accepted without effect, answered in another shape, or never answered."""
    return "share_without_effect" if last.outcome == "ok" else last.blocker or "app_problem"


def _by_hand(case: _Case) -> Status:
    if case.is_fresh:  # sent before the client chose to do it by hand
        return Status("awaiting_partner", "platform")
    if case.key in case.observed.shared_elsewhere:
        return _blocked("asset_shared_elsewhere")
    absent = case.agency.is_read and case.desired.says_done and case.observed.partnered
    return _blocked(case.desired.kind.missing_code) if absent else Status("awaiting_client", "client")


def _while_away(case: _Case, role: str | None = None, seen_by: SeenBy | None = None) -> Status:
    """The platform does not answer: it is observed again, and reported if that takes long."""
    if case.is_silent or case.observed.unavailable_since is None:
        return _blocked("platform_unavailable", role, seen_by)
    return Status("approved", "us", None, role, seen_by)


def _waiting_for_parent(case: _Case) -> Status:
    """It waits for the asset that it depends on, while that is in progress."""
    if is_parent_present(case.desired, case.observed):
        return _while_away(case)
    if case.parent is None or case.parent.status in ("declined", "ended", "leaving"):
        return _blocked("account_missing")
    if case.parent.next_actor is None:  # attested, or not observed now
        return Status("approved", "agency")
    return Status("approved", case.parent.next_actor)


def _lasting(case: _Case) -> str | None:
    """Lasting blocker: of the client's Business Center, or of the person who authorized."""
    return case.observed.center_problem or case.observed.asset_problems.get(case.key)


def _blocked(
    code: str, role: str | None = None, seen_by: SeenBy | None = None, *, actor: NextActor | None = None
) -> Status:
    return Status("blocked", actor or actor_of(code), code, role, seen_by)
