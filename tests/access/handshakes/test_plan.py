"""The next step: a table of cases, and random walks from any seen world."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.access.handshakes.plan import BATCH, Settled, Share, Wait, plan
from app.access.handshakes.world import ROLE_RANK, Seen, Side, Try, Unread, Want
from app.access.patience import Patience

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
PATIENCE = Patience()
A, B = "7200000000000000101", "7200000000000000102"


def want(asset_id: str | None = A, **more: Any) -> Want:
    given_values: dict[str, Any] = {
        "role": "OPERATOR",
        "lane": "connected",
        "approved_at": NOW - timedelta(hours=1),
    } | more
    return Want(ask_id=f"ask_{asset_id}", asset_id=asset_id, **given_values)


def seen(
    client: dict[str, str] | Unread | None = None, agency: dict[str, str] | Unread | None = None, **more: Any
) -> Seen:
    return Seen(
        client=_side(client if client is not None else {}),
        agency=_side(agency if agency is not None else {}),
        owned=more.get("owned", {A: True, B: True}),
        client_can_write=more.get("can_write", True),
    )


def _side(shares: dict[str, str] | Unread) -> Side:
    return Side(why_not=shares) if isinstance(shares, Unread) else Side(shares=shares)


def a_try(outcome: Any, *, ago: float = 1, **more: Any) -> Try:
    return Try(at=NOW - timedelta(seconds=ago), role=more.pop("role", "OPERATOR"), outcome=outcome, **more)


SHARE_A = Share("OPERATOR", (A,))

CASES: dict[str, tuple[Want, Seen, dict[str, Try], Any]] = {
    "nothing seen: share": (want(), seen(), {}, SHARE_A),
    "not approved": (want(approved_at=None), seen(), {}, Settled()),
    "declined": (want(declined=True), seen(), {}, Settled()),
    "link over": (want(over=True), seen(), {}, Settled()),
    "no asset chosen": (want(None), seen(), {}, Settled()),
    "guided: never by us": (want(lane="guided"), seen(), {}, Wait()),
    "guided and nobody can read": (
        want(lane="guided"), seen(Unread.NO_TOKEN, Unread.NO_TOKEN, can_write=False), {}, Settled(),
    ),
    "the agency sees it": (want(), seen({A: "OPERATOR"}, {A: "OPERATOR"}), {}, Settled()),
    "the agency sees more": (want(), seen({A: "ADMIN"}, {A: "ADMIN"}), {}, Wait()),
    "the client lists it, the agency not yet": (want(), seen({A: "OPERATOR"}), {}, Wait()),
    "a lower role is raised": (want(), seen({A: "ANALYST"}, {A: "ANALYST"}), {}, SHARE_A),
    "a higher role is not lowered": (want(), seen({A: "ADMIN"}), {}, Wait()),
    "the client's list could not be read: no blind write": (want(), seen(Unread.UNAVAILABLE), {}, Wait()),
    "the client's connection is dead": (want(), seen(Unread.DEAD, can_write=False), {}, Wait()),
    "owned by somebody else": (want(), seen(owned={A: False}), {}, Wait()),
    "unknown to the Business Center": (want(), seen(owned={}), {}, Wait()),
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
    "denied: a person must act": (want(), seen(), {A: a_try("denied", blocker="not_bc_admin")}, Settled()),
    "denied, and somebody acted since": (
        want(recheck_at=NOW), seen(), {A: a_try("denied", blocker="not_bc_admin")}, SHARE_A,
    ),
    "tried too often": (want(), seen(), {A: a_try("unclear", ago=999, times=8)}, Wait()),
    "verified once, then gone: only a new yes brings it back": (want(was_verified=True), seen(), {}, Settled()),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_next_step(name: str) -> None:
    wanted, world, tried, expected = CASES[name]
    assert plan([wanted], world, tried, NOW, PATIENCE) == expected


def test_one_call_carries_one_role_and_at_most_fifty_accounts() -> None:
    ids = [str(7200000000000000000 + number) for number in range(120)]
    wanted = [want(asset_id, role="OPERATOR" if number % 2 else "ANALYST") for number, asset_id in enumerate(ids)]
    step = plan(wanted, seen(owned=dict.fromkeys(ids, True)), {}, NOW, PATIENCE)
    assert isinstance(step, Share)
    assert step.role == "ANALYST"
    assert len(step.asset_ids) == BATCH
    assert set(step.asset_ids) <= set(ids[::2])


ASSETS = [str(7200000000000000100 + number) for number in range(6)]
roles = st.sampled_from(sorted(ROLE_RANK))
shares = st.dictionaries(st.sampled_from(ASSETS), roles)
wants = st.lists(
    st.builds(
        want,
        st.sampled_from([*ASSETS, None]),
        role=roles,
        lane=st.sampled_from(["connected", "guided"]),
        approved_at=st.sampled_from([NOW, None]),
        declined=st.booleans(),
        over=st.booleans(),
        was_verified=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda each: each.asset_id,
)
answers = st.sampled_from(["ok", "ok", "lost", "unavailable", "denied"])


@settings(max_examples=300, deadline=None)
@given(wants, shares, st.sampled_from([None, *Unread]), st.lists(answers, max_size=40), st.booleans())
def test_from_any_world_it_ends_shares_only_what_was_approved_and_repeats_nothing_done(
    wanted: list[Want],
    given_shares: dict[str, str],
    agency: Unread | None,
    replies: list[str],
    can_write: bool,
) -> None:
    held, now = dict(given_shares), NOW
    tried: dict[str, Try] = {}
    approved = {
        (each.asset_id, each.role)
        for each in wanted
        if each.approved_at and not (each.declined or each.over or each.was_verified) and each.lane == "connected"
    }
    for _ in range(200):
        world = seen(dict(held), agency or dict(held), owned=dict.fromkeys(ASSETS, True), can_write=can_write)
        step = plan(wanted, world, tried, now, PATIENCE)
        if not isinstance(step, Share):
            if not isinstance(step, Wait) or step.until is None:
                break
            assert step.until > now
            now = step.until
            continue
        for asset_id in step.asset_ids:
            assert (asset_id, step.role) in approved
            assert ROLE_RANK.get(held.get(asset_id, ""), 0) < ROLE_RANK[step.role]
        reply = replies.pop(0) if replies else "ok"
        if reply in ("ok", "lost"):
            held |= dict.fromkeys(step.asset_ids, step.role)
        outcome: Any = "unclear" if reply == "lost" else reply
        for asset_id in step.asset_ids:
            times = (tried[asset_id].times if asset_id in tried else 0) + (reply != "unavailable")
            tried[asset_id] = Try(now, step.role, outcome, times=times)
        now += timedelta(seconds=1)
    else:
        pytest.fail("it did not end")
    if can_write and not any(each.outcome == "denied" for each in tried.values()):
        for approved_id, role in approved:
            if approved_id is not None and agency is None:
                assert ROLE_RANK[held[approved_id]] >= ROLE_RANK[role]


def test_the_walk_would_notice_a_share_of_what_was_not_approved() -> None:
    """The property above rests on this: without the client's yes the same world gives no share."""
    assert isinstance(plan([want()], seen(), {}, NOW, PATIENCE), Share)
    assert not isinstance(plan([replace(want(), approved_at=None)], seen(), {}, NOW, PATIENCE), Share)
