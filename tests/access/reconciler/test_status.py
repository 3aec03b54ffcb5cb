"""The status shown: a table of cases, and never green without a read of the agreed role."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.access.reconciler.state import DesiredAccess, ObservedAccess, ObservedSide, PastAction
from app.access.reconciler.status import Status, status
from app.platforms.access import Observation, ReadFailure
from tests.access.reconciler.test_plan import KEY_A, KEY_P, NOW, PATIENCE, A, a_try, as_tried, pixel, seen, want

NO = ReadFailure.NO_TOKEN
DONE = want(lane="guided", recheck_at=NOW)
MUST = ObservedSide(
    {KEY_A: Observation("OPERATOR")}, Observation(why_not=ReadFailure.DENIED, blocker="agency_must_reauthorize")
)


def denied(blocker: str) -> dict[str, PastAction]:
    return {A: a_try("denied", blocker=blocker)}


CASES: dict[str, tuple[DesiredAccess, ObservedAccess, dict[str, PastAction], Status]] = {
    "no yes yet": (want(approved_at=None), seen(), {}, Status("waiting", "client")),
    "said no": (want(declined=True), seen({A: "OPERATOR"}), {}, Status("declined")),
    "link dead": (want(over=True), seen(), {}, Status("ended")),
    "our call is due": (want(), seen(), {}, Status("approved", "us")),
    "the agency reads the role": (
        want(), seen({}, {A: "OPERATOR"}), {}, Status("verified", None, None, "OPERATOR", "agency"),
    ),
    "only the client's token can read: it may wait for the agency": (
        want(), seen({A: "OPERATOR"}, NO), {}, Status("unverifiable", "agency", None, "OPERATOR", "client"),
    ),
    "the agency's read was refused, the client's shows it": (
        want(), seen({A: "OPERATOR"}, ReadFailure.DENIED), {},
        Status("unverifiable", "agency", None, "OPERATOR", "client"),
    ),
    "the agency's list was refused, and lists the client as its partner": (
        want(), seen({A: "OPERATOR"}, ReadFailure.DENIED, partnered=True), {},
        Status("verified", None, None, "OPERATOR", "client"),
    ),
    "only the client's token can read, and the agency read it once": (
        want(was_verified=True), seen({A: "OPERATOR"}, NO), {}, Status("verified", None, None, "OPERATOR", "client"),
    ),
    "only the client's token can read, and a member says that it works": (
        want(attested=True), seen({A: "OPERATOR"}, NO), {}, Status("attested"),
    ),
    "raised, as TikTok says, and not seen for long": (
        want(), seen({A: "ANALYST"}, {A: "ANALYST"}), {A: a_try("ok", ago=1000, times=2)},
        Status("blocked", "client", "role_too_low", "ANALYST", "agency"),
    ),
    "a raise that TikTok refused": (
        want(), seen({A: "ANALYST"}, {A: "ANALYST"}), {A: a_try("denied", blocker="app_problem")},
        Status("blocked", "client", "role_too_low", "ANALYST", "agency"),
    ),
    "accepted by TikTok twice, and never seen": (
        want(), seen(), {A: a_try("ok", ago=1000, times=2)}, Status("blocked", "client", "share_without_effect"),
    ),
    "it waited for the agency, and is gone": (
        want(listed_at=NOW - timedelta(minutes=5)), seen(), {A: a_try("ok", ago=600)},
        Status("blocked", "agency", "partner_declined"),
    ),
    "it waited for the agency, and nobody can look any more": (
        want(listed_at=NOW - timedelta(minutes=5)), seen(NO, client_can_write=False), {A: a_try("ok", ago=3600)},
        Status("awaiting_partner", "agency"),
    ),
    "TikTok is out of reach": (
        want(), seen(ReadFailure.UNAVAILABLE, unavailable_since=NOW), {}, Status("approved", "us"),
    ),
    "TikTok has been out of reach for hours": (
        want(), seen(ReadFailure.UNAVAILABLE, unavailable_since=NOW - timedelta(hours=2)), {},
        Status("blocked", "platform", "platform_unavailable"),
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
        DONE, seen(NO, ReadFailure.DENIED), {}, Status("unverifiable", "agency"),
    ),
    "by hand, not done yet as far as anybody says, and the agency's read was refused": (
        want(lane="guided"), seen(NO, ReadFailure.DENIED), {}, Status("awaiting_client", "client"),
    ),
    "by hand, done as the client says, nobody can read": (DONE, seen(NO, NO), {}, Status("unverifiable", "agency")),
    "by hand, done as the client says, the partner is there and the account is not": (
        DONE, seen(NO, partnered=True), {}, Status("blocked", "client", "asset_not_shared"),
    ),
    "by hand, done as the client says, no partner either": (
        DONE, seen(NO, partnered=False), {}, Status("awaiting_client", "client"),
    ),
    "sent, and then nobody could read": (
        want(), seen(NO, ReadFailure.DENIED, client_can_write=False), {A: a_try("ok")},
        Status("unverifiable", "agency"),
    ),
    "went to TikTok and did not come back": (
        want(), seen(NO, authorization_blocker="consent_not_finished"), {},
        Status("blocked", "client", "consent_not_finished"),
    ),
    "signed in to another Business Center": (
        want(), seen(ReadFailure.DENIED, center_problem="wrong_bc_selected"), {},
        Status("blocked", "client", "wrong_bc_selected"),
    ),
    "TikTok reviews the account": (
        want(), seen(asset_problems={KEY_A: "ad_account_in_review"}), {},
        Status("blocked", "platform", "ad_account_in_review"),
    ),
    "a pixel whose ad account nobody asks for any more": (
        pixel(), seen(), {}, Status("blocked", "client", "account_missing"),
    ),
    "a pixel the agency sees": (
        pixel(), seen({}, {A: "OPERATOR", "pixel": "LINK"}), {}, Status("verified", None, None, "LINK", "agency"),
    ),
    "a pixel that is linked, but not for the agency's token": (
        pixel(), replace(seen({"pixel": "LINK"}), agency=MUST), {},
        Status("blocked", "agency", "agency_must_reauthorize", "LINK", "client"),
    ),
    "a pixel that receives nothing": (
        pixel(needs_events=True), seen({}, {"pixel": "LINK"}, events={KEY_P: 0}), {},
        Status("blocked", "client", "pixel_silent", "LINK", "agency"),
    ),
    "a pixel whose events nobody may read": (
        pixel(needs_events=True),
        seen({}, {"pixel": "LINK"}, events_unread={KEY_P: Observation(why_not=ReadFailure.DENIED)}), {},
        Status("blocked", "agency", "pixel_events_unread", "LINK", "agency"),
    ),
    "a pixel whose events nobody asked for": (
        pixel(needs_events=True), seen({}, {"pixel": "LINK"}), {},
        Status("blocked", "agency", "pixel_events_unread", "LINK", "agency"),
    ),
    "a pixel that receives events": (
        pixel(needs_events=True), seen({}, {"pixel": "LINK"}, events={KEY_P: 3}), {},
        Status("verified", None, None, "LINK", "agency"),
    ),
    "to be taken away, still there, ours to do": (
        want(unwanted=True), seen({A: "OPERATOR"}), {}, Status("leaving", "us"),
    ),
    "to be taken away by the client": (
        want(unwanted=True), seen(NO, {A: "OPERATOR"}, client_can_write=False), {}, Status("leaving", "client"),
    ),
    "taken away": (want(unwanted=True), seen(NO), {}, Status("ended")),
    "to be taken away, nobody can look": (
        want(unwanted=True), seen(NO, NO, client_can_write=False), {}, Status("leaving", "client"),
    ),
    "being lowered": (
        want(reduce_at=NOW), seen({A: "ADMIN"}, {A: "ADMIN"}), {}, Status("approved", "us", None, "ADMIN", "agency"),
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
        want(), seen(ReadFailure.DEAD, client_can_write=False), {}, Status("blocked", "client", "connection_dead"),
    ),
    "the client never connected": (want(), seen(NO), {}, Status("blocked", "client", "not_connected")),
    "not an admin": (want(), seen(), denied("not_bc_admin"), Status("blocked", "client", "not_bc_admin")),
    "our app is wrong": (want(), seen(), denied("app_problem"), Status("blocked", "agency", "app_problem")),
    "another Business Center's account": (
        want(), seen(asset_problems={KEY_A: "asset_owned_elsewhere"}), {},
        Status("blocked", "client", "asset_owned_elsewhere"),
    ),
    "no such account": (
        want(), seen(asset_problems={KEY_A: "asset_not_found"}), {}, Status("blocked", "client", "asset_not_found"),
    ),
    "was verified, now gone": (
        want(was_verified=True), seen(NO), {}, Status("drifted", "client", "asset_not_shared"),
    ),
    "was verified, now less": (
        want(was_verified=True), seen(NO, {A: "ANALYST"}), {},
        Status("drifted", "client", "role_too_low", "ANALYST", "agency"),
    ),
    "was verified, gone with the partnership": (
        want(was_verified=True), seen(NO, partnered=False), {}, Status("drifted", "client", "partnership_ended"),
    ),
    "was verified, gone, and now somebody else's": (
        want(was_verified=True), seen(asset_problems={KEY_A: "asset_owned_elsewhere"}), {},
        Status("drifted", "client", "asset_owned_elsewhere"),
    ),
    "was verified, gone, and the client has authorized us since": (
        want(was_verified=True, drifted_at=NOW - timedelta(hours=1), connected_at=NOW), seen(), {},
        Status("drifted", "us", "asset_not_shared"),
    ),
    "was verified two watches ago, and the read is refused": (
        want(was_verified=True, seen_at=NOW - timedelta(days=3)),
        seen(NO, ReadFailure.DENIED, client_can_write=False), {},
        Status("unverifiable", "agency", "agency_must_reauthorize", "OPERATOR"),
    ),
    "was verified a day ago, and the read is refused": (
        want(was_verified=True, seen_at=NOW - timedelta(days=1)),
        seen(NO, ReadFailure.DENIED, client_can_write=False), {},
        Status("verified", None, None, "OPERATOR", None),
    ),
    "to be lowered, taken away, and the new share refused": (
        want(reduce_at=NOW - timedelta(minutes=9)), seen(), {A: a_try("denied", blocker="app_problem")},
        Status("blocked", "us", "access_interrupted"),
    ),
    "to be lowered, taken away, and the new share refused again and again": (
        want(reduce_at=NOW - timedelta(minutes=9)), seen(), {A: a_try("denied", times=4, blocker="app_problem")},
        Status("blocked", "client", "access_interrupted"),
    ),
    "was verified, nobody can look now": (
        want(was_verified=True), seen(NO, NO), {}, Status("verified", None, None, "OPERATOR", None),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_state_shown(name: str) -> None:
    wanted, world, tried, expected = CASES[name]
    taken = {A: a_try("ok", ago=60, role="")} if expected.code == "access_interrupted" else {}
    assert status(wanted, [wanted], world, as_tried(tried, taken), NOW, PATIENCE) == expected


def test_the_reason_of_a_refused_read_is_told() -> None:
    world = ObservedAccess(
        ObservedSide(), ObservedSide(otherwise=Observation(why_not=ReadFailure.DENIED, blocker="app_problem"))
    )
    assert status(DONE, [DONE], world, as_tried({}), NOW, PATIENCE) == Status("unverifiable", "agency", "app_problem")
