"""The next step: a table of cases, and random walks from any seen world."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.access.pacing import RetryTiming
from app.access.reconciler.planner import Done, Wait, plan
from app.access.reconciler.state import ActionHistory, DesiredAccess, ObservedAccess, ObservedSide, PastAction
from app.platforms.access import AssetKey, Observation, ReadFailure, ShareAction, UnshareAction
from app.platforms.tiktok.kinds import AD_ACCOUNT, KINDS

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
PATIENCE = RetryTiming()
A, B, PIXEL = "7200000000000000101", "7200000000000000102", "C4ABCDEFGH77U7QBTM10"
KEY_A, KEY_B = AssetKey("ad_account", A), AssetKey("ad_account", B)
KEY_P = AssetKey("pixel", PIXEL, A)


def want(asset_id: str | None = A, **more: Any) -> DesiredAccess:
    given_values: dict[str, Any] = {
        "kind": "ad_account",
        "role": "OPERATOR",
        "lane": "connected",
        "approved_at": NOW - timedelta(hours=1),
    } | more
    given_values["kind"] = KINDS[given_values["kind"]]
    return DesiredAccess(access_request_id=f"access_{asset_id}", asset_id=asset_id, **given_values)


def pixel(**more: Any) -> DesiredAccess:
    return want(PIXEL, kind="pixel", role="LINK", parent_asset_id=A, **more)


def seen(
    client: dict[str, str] | ReadFailure | None = None, agency: dict[str, str] | ReadFailure | None = None, **more: Any
) -> ObservedAccess:
    return ObservedAccess(
        client=side(client if client is not None else {}),
        agency=side(agency if agency is not None else {}),
        **({"client_can_write": True} | more),
    )


def key_of(name: str) -> AssetKey:
    """`pixel` for the pixel on A, else the ad account of that id."""
    return KEY_P if name == "pixel" else AssetKey("ad_account", name)


def side(shares: dict[str, str] | ReadFailure) -> ObservedSide:
    if isinstance(shares, ReadFailure):
        return ObservedSide(otherwise=Observation(why_not=shares))
    return ObservedSide({key_of(name): Observation(role) for name, role in shares.items()}, otherwise=Observation())


def a_try(outcome: Any, *, ago: float = 1, **more: Any) -> PastAction:
    return PastAction(at=NOW - timedelta(seconds=ago), role=more.pop("role", "OPERATOR"), outcome=outcome, **more)


SHARE_A = ShareAction("ad_account", "OPERATOR", (KEY_A,))

CASES: dict[str, tuple[DesiredAccess, ObservedAccess, dict[str, PastAction], Any]] = {
    "nothing seen: share": (want(), seen(), {}, SHARE_A),
    "not approved": (want(approved_at=None), seen(), {}, Done()),
    "declined": (want(declined=True), seen(), {}, Done()),
    "link over": (want(over=True), seen(), {}, Done()),
    "no asset chosen": (want(None), seen(), {}, Done()),
    "guided: never by us": (want(lane="guided"), seen(), {}, Wait()),
    "guided and nobody can read": (
        want(lane="guided"), seen(ReadFailure.NO_TOKEN, ReadFailure.NO_TOKEN, client_can_write=False), {}, Done(),
    ),
    "the agency sees it": (want(), seen({A: "OPERATOR"}, {A: "OPERATOR"}), {}, Done()),
    "the agency sees more": (want(), seen({A: "ADMIN"}, {A: "ADMIN"}), {}, Wait()),
    "the client lists it, the agency not yet": (want(), seen({A: "OPERATOR"}), {}, Wait()),
    "a lower role is raised": (want(), seen({A: "ANALYST"}, {A: "ANALYST"}), {}, SHARE_A),
    "a higher role is not lowered": (want(), seen({A: "ADMIN"}), {}, Wait()),
    "the client's list could not be read: no blind write": (want(), seen(ReadFailure.UNAVAILABLE), {}, Wait()),
    "the client's connection is dead": (want(), seen(ReadFailure.DEAD, client_can_write=False), {}, Wait()),
    "owned by somebody else": (want(), seen(asset_problems={KEY_A: "asset_owned_elsewhere"}), {}, Wait()),
    "unknown to the Business Center": (want(), seen(asset_problems={KEY_A: "asset_not_found"}), {}, Wait()),
    "recorded a moment ago: wait": (
        want(), seen(), {A: a_try("ok")}, Wait(NOW - timedelta(seconds=1) + PATIENCE.accepted),
    ),
    "recorded long ago and never shown: again": (want(), seen(), {A: a_try("ok", ago=901)}, SHARE_A),
    "no answer a moment ago: settle": (
        want(), seen(), {A: a_try("unclear")}, Wait(NOW - timedelta(seconds=1) + PATIENCE.settle),
    ),
    "killed before the answer was recorded: settle": (
        want(), seen(), {A: a_try("open")}, Wait(NOW - timedelta(seconds=1) + PATIENCE.settle),
    ),
    "no answer, and it did not show up: again": (want(), seen(), {A: a_try("unclear", ago=31)}, SHARE_A),
    "no answer, but it did show up": (want(), seen({A: "OPERATOR"}), {A: a_try("unclear", ago=31)}, Wait()),
    "nothing was sent: again": (want(), seen(), {A: a_try("unavailable")}, SHARE_A),
    "denied: a person must act": (want(), seen(), {A: a_try("denied", blocker="not_bc_admin")}, Done()),
    "denied, and somebody acted since": (
        want(recheck_at=NOW), seen(), {A: a_try("denied", blocker="not_bc_admin")}, SHARE_A,
    ),
    "tried too often": (want(), seen(), {A: a_try("unclear", ago=999, times=8)}, Wait()),
    "the Business Center cannot share: no call": (want(), seen(center_problem="bc_under_review"), {}, Wait()),
    "a catalog is never shared by us": (want("C1", kind="catalog", role="AD_PROMOTE"), seen(), {}, Wait()),
    "a pixel waits for its ad account": (pixel(), seen(), {}, Wait()),
    "a pixel after its ad account": (
        pixel(), seen({A: "OPERATOR"}, {A: "OPERATOR"}), {}, ShareAction("pixel", "LINK", (KEY_P,)),
    ),
    "a pixel that is linked already": (
        pixel(), seen({A: "OPERATOR", "pixel": "LINK"}, {A: "OPERATOR"}), {}, Wait(),
    ),
    "an invitation that waits for its person": (
        want("p1", kind="person", role="ANALYST"),
        replace(seen(), client=ObservedSide({}, Observation(pending=True))), {}, Wait(),
    ),
    "to be taken away": (want(unwanted=True), seen({A: "OPERATOR"}), {}, UnshareAction("ad_account", (KEY_A,))),
    "to be taken away, and it is gone": (want(unwanted=True), seen(), {}, Done()),
    "to be taken away, and we cannot": (
        want(unwanted=True), seen(ReadFailure.NO_TOKEN, {A: "OPERATOR"}, client_can_write=False), {}, Wait(),
    ),
    "a pixel that others linked is not unlinked": (
        pixel(unwanted=True), seen({A: "OPERATOR", "pixel": "LINK"}, {A: "OPERATOR", "pixel": "LINK"}), {}, Wait(),
    ),
    "a pixel that we linked is": (
        pixel(unwanted=True), seen({A: "OPERATOR", "pixel": "LINK"}, {A: "OPERATOR"}),
        {"pixel": a_try("ok", role="LINK")}, UnshareAction("pixel", (KEY_P,)),
    ),
    "to be lowered: first taken away": (
        want(reduce_at=NOW), seen({A: "ADMIN"}, {A: "ADMIN"}), {}, UnshareAction("ad_account", (KEY_A,)),
    ),
    "to be lowered: then shared anew, although it was verified": (
        want(reduce_at=NOW, was_verified=True), seen(), {A: a_try("ok", ago=999)}, SHARE_A,
    ),
    "verified once, then gone: only a new yes brings it back": (want(was_verified=True), seen(), {}, Done()),
}  # fmt: skip


def as_tried(given: dict[str, PastAction], taken: dict[str, PastAction] | None = None) -> ActionHistory:
    return ActionHistory(
        {key_of(name): each for name, each in given.items()},
        {key_of(name): each for name, each in (taken or {}).items()},
    )


@pytest.mark.parametrize("name", CASES)
def test_the_next_step(name: str) -> None:
    wanted, world, tried, expected = CASES[name]
    assert plan([wanted], world, as_tried(tried), NOW, PATIENCE) == expected


def test_one_call_carries_one_role_and_at_most_fifty_accounts() -> None:
    ids = [str(7200000000000000000 + number) for number in range(120)]
    wanted = [want(asset_id, role="OPERATOR" if number % 2 else "ANALYST") for number, asset_id in enumerate(ids)]
    step = plan(wanted, seen(), ActionHistory(), NOW, PATIENCE)
    assert isinstance(step, ShareAction)
    assert step.role == "ANALYST"
    assert len(step.keys) == AD_ACCOUNT.batch
    assert {key.asset_id for key in step.keys} <= set(ids[::2])


def test_what_another_access_request_of_the_agency_still_wants_is_not_taken_away() -> None:
    world = seen({A: "OPERATOR"}, {A: "OPERATOR"})
    leaves, stays = want(unwanted=True), want()
    assert isinstance(plan([leaves], world, ActionHistory(), NOW, PATIENCE), UnshareAction)
    assert not isinstance(plan([leaves, stays], world, ActionHistory(), NOW, PATIENCE), UnshareAction)
    lower, needs_it = want(reduce_at=NOW, role="ANALYST"), want(role="OPERATOR")
    assert isinstance(plan([lower], world, ActionHistory(), NOW, PATIENCE), UnshareAction)
    assert not isinstance(plan([lower, needs_it], world, ActionHistory(), NOW, PATIENCE), UnshareAction)


def test_what_hangs_on_an_ad_account_goes_before_it() -> None:
    world = seen({A: "OPERATOR", "pixel": "LINK"}, {A: "OPERATOR", "pixel": "LINK"})
    ours = as_tried({"pixel": a_try("ok", role="LINK")})
    assert plan([want(unwanted=True), pixel(unwanted=True)], world, ours, NOW, PATIENCE) == UnshareAction(
        "pixel", (KEY_P,)
    )


def test_requests_that_are_never_processed_take_turns() -> None:
    wanted = [want(A), want(B, role="ANALYST"), want("p1", kind="person", role="ANALYST")]
    steps, given = [], {each.key: a_try("unavailable") for each in wanted if each.key}
    for turn in range(6):
        now = NOW + timedelta(hours=turn)
        step = plan(wanted, seen(), ActionHistory(shared=given), now, PATIENCE)
        assert isinstance(step, ShareAction)
        steps.append(step.keys)
        given |= {key: replace(a_try("unavailable"), at=now) for key in step.keys}
    assert len(set(steps[:3])) == 3
    assert steps[:3] == steps[3:]
