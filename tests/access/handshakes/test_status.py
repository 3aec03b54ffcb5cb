"""The state shown: a table of cases, and never green without a read of the agreed role."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.access.handshakes.status import Status, status
from app.access.handshakes.world import Seen, Side, Try, Unread, Want
from tests.access.handshakes.test_plan import A, a_try, roles, seen, shares, want, wants

NO = Unread.NO_TOKEN


def denied(blocker: str) -> dict[str, Try]:
    return {A: a_try("denied", blocker=blocker)}


CASES: dict[str, tuple[Want, Seen, dict[str, Try], Status]] = {
    "no yes yet": (want(approved_at=None), seen(), {}, Status("waiting", "client")),
    "said no": (want(declined=True), seen({A: "OPERATOR"}), {}, Status("declined")),
    "link dead": (want(over=True), seen(), {}, Status("ended")),
    "our call is due": (want(), seen(), {}, Status("approved", "us")),
    "the agency reads the role": (
        want(), seen({}, {A: "OPERATOR"}), {}, Status("verified", None, None, "OPERATOR", "agency"),
    ),
    "only the client's token can read": (
        want(), seen({A: "OPERATOR"}, NO), {}, Status("verified", None, None, "OPERATOR", "client"),
    ),
    "the agency's read was refused, the client's shows it": (
        want(), seen({A: "OPERATOR"}, Unread.DENIED), {}, Status("verified", None, None, "OPERATOR", "client"),
    ),
    "recorded, not visible to the agency": (
        want(), seen({A: "OPERATOR"}), {}, Status("awaiting_partner", "agency", None, "OPERATOR", "client"),
    ),
    "accepted by TikTok, on no list yet": (want(), seen(), {A: a_try("ok")}, Status("awaiting_partner", "platform")),
    "by hand, nothing seen": (want(lane="guided"), seen(NO), {}, Status("awaiting_client", "client")),
    "by hand, nobody can read": (want(lane="guided"), seen(NO, NO), {}, Status("awaiting_client", "client")),
    "by hand, a member says so, nobody can read": (
        want(lane="guided", attested=True), seen(NO, NO), {}, Status("attested"),
    ),
    "a member said so, but the agency reads that it is not there": (
        want(lane="guided", attested=True), seen(NO), {}, Status("awaiting_client", "client"),
    ),
    "a member said so, and the agency reads it": (
        want(lane="guided", attested=True), seen(NO, {A: "OPERATOR"}), {},
        Status("verified", None, None, "OPERATOR", "agency"),
    ),
    "the agency's read was refused": (
        want(lane="guided"), seen(NO, Unread.DENIED), {}, Status("unverifiable", "agency"),
    ),
    "a role too low, by hand": (
        want(lane="guided"), seen(NO, {A: "ANALYST"}), {},
        Status("blocked", "client", "role_too_low", "ANALYST", "agency"),
    ),
    "a role too low that we may raise": (
        want(), seen({A: "ANALYST"}, {A: "ANALYST"}), {}, Status("approved", "us", None, "ANALYST", "agency"),
    ),
    "more than was asked": (
        want(), seen({}, {A: "ADMIN"}), {},
        Status("blocked", "client", "role_higher_than_requested", "ADMIN", "agency"),
    ),
    "the client's connection died first": (
        want(), seen(Unread.DEAD, can_write=False), {}, Status("blocked", "client", "connection_dead"),
    ),
    "the client never connected": (want(), seen(NO), {}, Status("blocked", "client", "connection_dead")),
    "not an admin": (want(), seen(), denied("not_bc_admin"), Status("blocked", "client", "not_bc_admin")),
    "our app is wrong": (want(), seen(), denied("app_problem"), Status("blocked", "agency", "app_problem")),
    "another Business Center's account": (
        want(), seen(owned={A: False}), {}, Status("blocked", "client", "asset_owned_elsewhere"),
    ),
    "no such account": (want(), seen(owned={}), {}, Status("blocked", "client", "asset_not_found")),
    "was verified, now gone": (
        want(was_verified=True), seen(NO), {}, Status("drifted", "client", "asset_not_shared"),
    ),
    "was verified, now less": (
        want(was_verified=True), seen(NO, {A: "ANALYST"}), {},
        Status("drifted", "client", "role_too_low", "ANALYST", "agency"),
    ),
    "was verified, nobody can look now": (
        want(was_verified=True), seen(NO, NO), {}, Status("verified", None, None, "OPERATOR", None),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_state_shown(name: str) -> None:
    wanted, world, tried, expected = CASES[name]
    assert status(wanted, world, tried) == expected


def test_the_reason_of_a_refused_read_is_told() -> None:
    world = Seen(Side(why_not=NO), Side(why_not=Unread.DENIED, blocker="app_problem"))
    assert status(want(lane="guided"), world, {}) == Status("unverifiable", "agency", "app_problem")


sides = st.one_of(shares, st.sampled_from(list(Unread)))
tries = st.dictionaries(
    st.just(A),
    st.builds(a_try, st.sampled_from(["ok", "unclear", "open", "denied", "unavailable"]), role=roles),
)


@settings(max_examples=500, deadline=None)
@given(wants, sides, sides, tries, st.booleans())
def test_it_is_total_and_green_only_by_a_read(
    wanted: list[Want], client: Any, agency: Any, tried: dict[str, Try], can_write: bool
) -> None:
    world = seen(client, agency, can_write=can_write)
    for each in wanted:
        shown = status(each, world, tried)
        if shown.state == "verified" and shown.seen_by is not None:
            side = world.agency if shown.seen_by == "agency" else world.client
            assert side.shares is not None
            assert each.asset_id is not None
            assert side.shares[each.asset_id] == each.role
        if shown.state == "verified" and shown.seen_by is None:
            assert each.was_verified
        assert (shown.state == "blocked") <= (shown.code is not None)
        assert (shown.state in ("waiting", "awaiting_client", "blocked")) <= (shown.next_actor is not None)
