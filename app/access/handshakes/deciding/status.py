"""What an ask's state is, from what was seen and tried. Pure and total; green only by a read with the agreed role."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.access.blockers import Actor, next_actor
from app.access.handshakes.deciding.attempts import is_exhausted, is_refused
from app.access.handshakes.deciding.giving import is_ours_to_give, is_turned_down
from app.access.handshakes.deciding.taking import is_gone, is_ours_to_take
from app.access.handshakes.deciding.world import Key, Seen, Sight, Tried, Unread, Want, rank

SeenBy = Literal["agency", "client"]


@dataclass(frozen=True)
class Status:
    """One ask as shown. `seen_by` names whose token showed the role; `code` is set with `blocked` and `drifted`.

    State `leaving` is not shown as such: the ask is to be taken away and is still there.
    """

    state: str
    next_actor: Actor | None = None
    code: str | None = None
    role_seen: str | None = None
    seen_by: SeenBy | None = None


def statuses(wanted: Sequence[Want], seen: Seen, tried: Tried) -> list[Status]:
    """The state of every ask, in order; one that hangs on an ad account may wait for whom that one waits for."""
    accounts: dict[Key | None, Status] = {}
    for want in wanted:
        if want.kind == "ad_account" and want.is_live:
            accounts[want.key] = status(want, wanted, seen, tried)
    return [status(want, wanted, seen, tried, accounts.get(want.key.account if want.key else None)) for want in wanted]


def status(want: Want, wanted: Sequence[Want], seen: Seen, tried: Tried, account: Status | None = None) -> Status:
    """The state of one ask; `account` is that of the ad account it hangs on."""
    if want.over:
        return Status("ended")
    if want.declined:
        return Status("declined")
    if want.unwanted:
        return _leaving(want, wanted, seen, tried)
    if not want.approved_at or want.key is None:
        return Status("waiting", "client")
    agency = seen.agency.of(want.key)
    if agency.role is not None:
        return _of_role(want, wanted, seen, tried, agency.role, "agency")
    if agency.is_read:
        return _absent(want, wanted, seen, tried, account)
    return _agency_cannot_see(want, wanted, seen, tried, agency, account)


def _leaving(want: Want, wanted: Sequence[Want], seen: Seen, tried: Tried) -> Status:
    if is_gone(want, seen, tried):
        return Status("ended")
    if want.held_by_others:
        return Status("leaving", "agency")
    return Status("leaving", "us" if is_ours_to_take(want, wanted, seen, tried) else "client")


def _of_role(want: Want, wanted: Sequence[Want], seen: Seen, tried: Tried, role: str, seen_by: SeenBy) -> Status:
    if role == want.role or _is_agreed_elsewhere(want, wanted, role):
        if want.key is not None and seen.events.get(want.key) == 0 and not want.was_verified:
            return _blocked("pixel_silent", role, seen_by)
        return Status("verified", None, None, role, seen_by)
    if is_ours_to_give(want, seen) or is_ours_to_take(want, wanted, seen, tried):
        return Status("approved", "us", None, role, seen_by)
    higher = rank(role) > rank(want.role)
    if higher and _was_taken(want, tried):  # we took it away; this side is only slow to show it
        return Status("approved", "us", None, role, seen_by)
    code = "role_higher_than_requested" if higher else "role_too_low"
    return Status("drifted" if want.was_verified else "blocked", "client", code, role, seen_by)


def _is_agreed_elsewhere(want: Want, wanted: Sequence[Want], role: str) -> bool:
    """Whether the client said yes to this wider role of the same thing on another of its links: nothing is amiss."""
    others = [each for each in wanted if each is not want and each.key == want.key and each.is_live]
    return rank(role) > rank(want.role) and any(each.role == role and not each.unwanted for each in others)


def _was_taken(want: Want, tried: Tried) -> bool:
    if want.key is None or want.reduce_at is None:
        return False
    last = tried.taken.get(want.key)
    return last is not None and last.at >= want.reduce_at and last.may_have_happened


def _absent(want: Want, wanted: Sequence[Want], seen: Seen, tried: Tried, account: Status | None) -> Status:
    """The agency's side was read, and it is not there."""
    assert want.key is not None  # waiting asks were answered above
    client = seen.client.of(want.key)
    if client.role is not None:
        if client.role == want.role:
            return Status("awaiting_partner", "agency", None, client.role, "client")
        return _of_role(want, wanted, seen, tried, client.role, "client")
    if want.proved_by_client:  # seen by the client alone until now: the agency has not accepted it yet
        return Status("awaiting_partner", "agency")
    if want.was_verified and want.reduce_at is None:
        return Status("drifted", "client", _missing(want))
    return _under_way(want, seen, tried, account)


def _agency_cannot_see(
    want: Want, wanted: Sequence[Want], seen: Seen, tried: Tried, agency: Sight, account: Status | None
) -> Status:
    assert want.key is not None
    client = seen.client.of(want.key)
    if agency.why_not is Unread.UNAVAILABLE and not want.was_verified:
        # it can be read, only not now: the client's word alone must not turn it green
        return _under_way(want, seen, tried, account)
    if agency.blocker == "agency_must_reauthorise" and not want.was_verified and _is_done(want, client, tried):
        seen_by: SeenBy | None = "client" if client.role else None
        return Status("blocked", "agency", agency.blocker, client.role, seen_by)
    if client.role is not None:
        return _of_role(want, wanted, seen, tried, client.role, "client")
    if client.pending:
        return Status("awaiting_partner", "agency")
    if is_turned_down(want, seen, tried):
        return _blocked("invitation_rejected")
    if client.is_read:
        gone = want.was_verified and want.reduce_at is None
        return Status("drifted", "client", _missing(want)) if gone else _under_way(want, seen, tried, account)
    if want.was_verified:  # what was proved stays until a read says otherwise
        return Status("verified", None, None, want.role, None)
    if want.attested:
        return Status("attested")
    if _is_done(want, client, tried) and (agency.why_not is Unread.DENIED or want.lane == "guided"):
        return Status("unverifiable", "agency", agency.blocker if agency.why_not is Unread.DENIED else None)
    return _under_way(want, seen, tried, account)


def _is_done(want: Want, client: Sight, tried: Tried) -> bool:
    """Whether it is done as far as we can tell: seen by the client, sent by us, or done by hand as the client says."""
    assert want.key is not None
    given = tried.given.get(want.key)
    sent = given is not None and given.outcome == "ok"
    return client.role is not None or sent or (want.lane == "guided" and want.says_done)


def _under_way(want: Want, seen: Seen, tried: Tried, account: Status | None) -> Status:
    """Not seen on any side that could be read."""
    assert want.key is not None
    last = tried.given.get(want.key)
    if last is not None and last.outcome == "ok":
        return Status("awaiting_partner", "platform")
    if want.lane == "guided":
        looked_in_vain = seen.agency.of(want.key).is_read and want.says_done and seen.partnered
        return _blocked(_missing(want)) if looked_in_vain else Status("awaiting_client", "client")
    client = seen.client.of(want.key)
    lasting = seen.center or seen.problems.get(want.key)
    if lasting is not None and client.why_not not in (Unread.DEAD, Unread.NO_TOKEN):
        return _blocked(lasting)  # says more than the platform's no that it leads to
    if last is not None and is_refused(last, want):
        return _blocked(last.blocker or "app_problem")
    if is_exhausted(last, want):
        return _blocked("app_problem")
    if client.why_not in (Unread.DEAD, Unread.NO_TOKEN):
        never = client.why_not is Unread.NO_TOKEN and client.blocker is None
        return _blocked(seen.trip or ("not_connected" if never else "connection_dead"))
    if client.why_not is Unread.DENIED:
        return _blocked(client.blocker or "app_problem")
    if account is not None and account.state in ("blocked", "drifted", "awaiting_client", "waiting"):
        return Status("approved", account.next_actor)
    return Status("approved", "us")


def _missing(want: Want) -> str:
    return "pixel_not_linked" if want.kind == "pixel" else "asset_not_shared"


def _blocked(code: str, role: str | None = None, seen_by: SeenBy | None = None) -> Status:
    return Status("blocked", next_actor(code), code, role, seen_by)
