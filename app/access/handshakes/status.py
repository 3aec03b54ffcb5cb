"""What an ask's state is, from what was seen and tried. Pure and total; green only by a read with the agreed role."""

from dataclasses import dataclass
from typing import Literal

from app.access.handshakes.plan import is_exhausted, is_ours_to_share, is_refused
from app.access.handshakes.world import ROLE_RANK, Seen, Tried, Unread, Want

Actor = Literal["client", "agency", "us", "platform"]


@dataclass(frozen=True)
class Status:
    """One ask as shown. `seen_by` names whose token showed the role; `code` is set with `blocked` and `drifted`."""

    state: str
    next_actor: Actor | None = None
    code: str | None = None
    role_seen: str | None = None
    seen_by: Literal["agency", "client"] | None = None


#: Whose turn a blocker makes it; those not named wait for the client.
_ACTORS: dict[str, Actor] = {"app_problem": "agency", "scope_not_authorised": "agency"}


def status(want: Want, seen: Seen, tried: Tried) -> Status:
    """The state of one ask."""
    if want.over:
        return Status("ended")
    if want.declined:
        return Status("declined")
    if not want.approved_at or want.asset_id is None:
        return Status("waiting", "client")
    by_agency = seen.agency.shares.get(want.asset_id) if seen.agency.shares is not None else None
    if by_agency is not None:
        return _of_role(want, seen, by_agency, "agency")
    by_client = seen.client.shares.get(want.asset_id) if seen.client.shares is not None else None
    if seen.agency.shares is not None:
        return _absent(want, seen, tried, by_client)
    return _agency_cannot_see(want, seen, tried, by_client)


def _of_role(want: Want, seen: Seen, role: str, seen_by: Literal["agency", "client"]) -> Status:
    if role == want.role:
        return Status("verified", None, None, role, seen_by)
    if is_ours_to_share(want, seen):
        return Status("approved", "us", None, role, seen_by)
    higher = ROLE_RANK.get(role, 0) > ROLE_RANK.get(want.role, 0)
    code = "role_higher_than_requested" if higher else "role_too_low"
    state = "drifted" if want.was_verified else "blocked"
    return Status(state, "client", code, role, seen_by)


def _absent(want: Want, seen: Seen, tried: Tried, by_client: str | None) -> Status:
    """The agency's side was read, and the asset is not there."""
    if by_client is not None:
        if by_client == want.role:
            return Status("awaiting_partner", "agency", None, by_client, "client")
        return _of_role(want, seen, by_client, "client")
    if want.proved_by_client:  # seen by the client alone until now: the agency has not accepted it yet
        return Status("awaiting_partner", "agency")
    if want.was_verified:
        return Status("drifted", "client", "asset_not_shared")
    return _under_way(want, seen, tried)


def _agency_cannot_see(want: Want, seen: Seen, tried: Tried, by_client: str | None) -> Status:
    if seen.agency.why_not is Unread.UNAVAILABLE and not want.was_verified:
        # it can be read, only not now: the client's word alone must not turn it green
        return _under_way(want, seen, tried)
    if by_client is not None:
        return _of_role(want, seen, by_client, "client")
    if seen.client.shares is not None:
        return Status("drifted", "client", "asset_not_shared") if want.was_verified else _under_way(want, seen, tried)
    if want.was_verified:  # what was proved stays until a read says otherwise
        return Status("verified", None, None, want.role, None)
    if want.attested:
        return Status("attested")
    if seen.agency.why_not is Unread.DENIED:
        return Status("unverifiable", "agency", seen.agency.blocker)
    return _under_way(want, seen, tried)


def _under_way(want: Want, seen: Seen, tried: Tried) -> Status:
    """Not seen on any side that could be read."""
    assert want.asset_id is not None  # waiting asks were answered above
    last = tried.get(want.asset_id)
    if last is not None and last.outcome == "ok":
        return Status("awaiting_partner", "platform")
    if want.lane == "guided":
        return Status("awaiting_client", "client")
    if last is not None and is_refused(last, want):
        code = last.blocker or "app_problem"
        return Status("blocked", _ACTORS.get(code, "client"), code)
    if is_exhausted(last, want):
        return Status("blocked", "agency", "app_problem")
    if seen.client.why_not in (Unread.DEAD, Unread.NO_TOKEN):
        return Status("blocked", "client", "connection_dead")
    if seen.client.why_not is Unread.DENIED:
        code = seen.client.blocker or "app_problem"
        return Status("blocked", _ACTORS.get(code, "client"), code)
    if seen.client.shares is not None and seen.owned.get(want.asset_id) is not True:
        known = want.asset_id in seen.owned
        return Status("blocked", "client", "asset_owned_elsewhere" if known else "asset_not_found")
    return Status("approved", "us")
