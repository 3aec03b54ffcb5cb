"""Random walks: from any seen world, with any answers, the plan ends, repeats nothing and takes nothing of others."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.access.pacing import RetryTiming
from app.access.reconciler.planner import Wait, plan
from app.access.reconciler.state import ActionHistory, DesiredAccess, ObservedAccess, ObservedSide, PastAction
from app.access.reconciler.status import statuses
from app.platforms.access import AssetKey, Observation, ReadFailure, ShareAction, UnshareAction
from app.platforms.tiktok.kinds import KINDS
from tests.access.reconciler.test_plan import NOW, PATIENCE, seen, want

ACCOUNTS = [str(7200000000000000100 + number) for number in range(4)]
CODES = ["C4ABCDEFGH77U7QBTM10", "CD1JKLMNOP77VD28TR20"]
PEOPLE = ["person_a", "person_b"]
KEYS = [
    *(AssetKey("ad_account", account) for account in ACCOUNTS),
    *(AssetKey("pixel", code, account) for code in CODES for account in ACCOUNTS[:2]),
    *(AssetKey("person", person) for person in PEOPLE),
    AssetKey("catalog", "7300000000000000001"),
]
ROLES = {
    "ad_account": ["ANALYST", "OPERATOR", "ADMIN"],
    "pixel": ["LINK"],
    "person": ["ANALYST"],
    "catalog": ["AD_PROMOTE"],
}


@st.composite
def wants(draw: st.DrawFn) -> DesiredAccess:
    key = draw(st.sampled_from(KEYS))
    lane = "guided" if key.kind == "catalog" else draw(st.sampled_from(["connected", "connected", "guided"]))
    return want(
        key.asset_id if draw(st.integers(0, 9)) else None,
        kind=key.kind,
        parent_asset_id=key.parent_asset_id,
        role=draw(st.sampled_from(ROLES[key.kind])),
        lane=lane,
        approved_at=draw(st.sampled_from([NOW, NOW, NOW, None])),
        declined=draw(st.integers(0, 9)) == 0,
        over=draw(st.integers(0, 9)) == 0,
        link_ended=draw(st.integers(0, 9)) == 0,
        unwanted=draw(st.integers(0, 3)) == 0,
        reduce_at=draw(st.sampled_from([None, None, NOW])),
        was_verified=draw(st.integers(0, 3)) == 0,
    )


@dataclass
class Truth:
    """What really is: our shares, and what others had linked before us."""

    held: dict[AssetKey, str]
    before: frozenset[AssetKey]
    tried: ActionHistory = field(default_factory=ActionHistory)

    def seen(self, client: ReadFailure | None, agency: ReadFailure | None) -> ObservedAccess:
        def side(why_not: ReadFailure | None, hidden: str = "") -> ObservedSide:
            if why_not is not None:
                return ObservedSide(otherwise=Observation(why_not=why_not))
            shown = {key: Observation(role) for key, role in self.held.items() if key.kind != hidden}
            return ObservedSide(shown, otherwise=Observation())

        theirs = side(client)
        return replace(seen(), client=theirs, agency=side(agency, "person"), client_can_write=client is None)

    def do(self, step: ShareAction | UnshareAction, reply: str, now: datetime) -> None:
        into: dict[AssetKey, PastAction] = dict(
            self.tried.shared if isinstance(step, ShareAction) else self.tried.unshared
        )
        for key in step.keys:
            if reply in ("ok", "lost"):
                self._change(step, key)
            times = (into[key].times if key in into else 0) + (reply != "unavailable")
            role = step.role if isinstance(step, ShareAction) else ""
            outcome: Any = "unclear" if reply == "lost" else reply
            into[key] = PastAction(now, role, outcome, times=times, batch=len(step.keys))
        self.tried = replace(self.tried, **{"shared" if isinstance(step, ShareAction) else "unshared": into})

    def _change(self, step: ShareAction | UnshareAction, key: AssetKey) -> None:
        if isinstance(step, ShareAction):
            self.held[key] = max(step.role, self.held.get(key, step.role), key=KINDS[key.kind].rank)
        else:
            self.held.pop(key, None)


def check(step: ShareAction | UnshareAction, wanted: list[DesiredAccess], truth: Truth, world: ObservedAccess) -> None:
    """Nothing without a yes, nothing that is there already, nothing of others."""
    assert world.client_can_write
    for key in step.keys:
        rank = KINDS[key.kind].rank
        mine = [each for each in wanted if each.key == key and each.is_live]
        if isinstance(step, ShareAction):
            yes = [each for each in mine if each.role == step.role and not each.unwanted and not each.link_ended]
            assert any(each.lane == "connected" for each in yes)
            assert rank(truth.held.get(key)) < rank(step.role)
            assert all(each.parent is None or each.parent in truth.held for each in yes)
        else:
            assert key in truth.held
            leaving = [each for each in wanted if each.key == key and each.unwanted and not each.over]
            lowering = [each for each in mine if each.reduce_at and rank(truth.held[key]) > rank(each.role)]
            assert leaving or lowering
            if leaving and not lowering:
                assert all(each.unwanted for each in mine)
            if lowering and not leaving:
                assert key.kind == "ad_account"
                assert all(rank(each.role) < rank(truth.held[key]) for each in mine if not each.unwanted)
            if key.kind == "pixel":
                assert key not in truth.before


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_it_ends_and_touches_only_what_it_may(data: st.DataObject) -> None:
    wanted = data.draw(st.lists(wants(), max_size=7))
    start = {key: data.draw(st.sampled_from(ROLES[key.kind])) for key in data.draw(st.sets(st.sampled_from(KEYS)))}
    replies = data.draw(st.lists(st.sampled_from(["ok", "ok", "lost", "unavailable", "denied"]), max_size=30))
    client, agency = (
        data.draw(st.sampled_from([None, None, *ReadFailure])),
        data.draw(st.sampled_from([None, *ReadFailure])),
    )
    truth, now, patience = Truth(dict(start), frozenset(start)), NOW, RetryTiming()
    for _ in range(300):
        world = truth.seen(client, agency)
        statuses(wanted, world, truth.tried, now, patience)  # total, whatever was seen
        step = plan(wanted, world, truth.tried, now, patience)
        if not isinstance(step, ShareAction | UnshareAction):
            if not isinstance(step, Wait) or step.until is None:
                break
            assert step.until > now
            now = step.until
            continue
        check(step, wanted, truth, world)
        truth.do(step, replies.pop(0) if replies else "ok", now)
        now += timedelta(seconds=1)
    else:
        pytest.fail("it did not end")
    every = [*truth.tried.shared.values(), *truth.tried.unshared.values()]
    if client is None and not any(each.outcome == "denied" for each in every):
        assert _everything_done(wanted, truth)


def _everything_done(wanted: list[DesiredAccess], truth: Truth) -> bool:
    """Every approved access request of the connected lane that is alone on its asset has at least its role."""
    for each in wanted:
        alone = sum(other.key == each.key for other in wanted) == 1
        fresh = each.is_live and not each.unwanted and not each.link_ended and not each.was_verified
        if alone and fresh and each.lane == "connected" and each.key and each.parent is None:
            assert each.kind.rank(truth.held.get(each.key)) >= each.kind.rank(each.role)
        leaves = each.unwanted and not (each.over or each.declined)
        if alone and leaves and each.key and each.key.kind == "ad_account":
            assert each.key not in truth.held
    return True


def test_the_check_bites() -> None:
    """The walk rests on it: a share without a yes, and a take of what another access request wants, are noticed."""
    account = AssetKey("ad_account", ACCOUNTS[0])
    unapproved = want(ACCOUNTS[0], approved_at=None)
    with pytest.raises(AssertionError):
        check(ShareAction("ad_account", "OPERATOR", (account,)), [unapproved], Truth({}, frozenset()), seen())
    stays = want(ACCOUNTS[0])
    with pytest.raises(AssertionError):
        check(UnshareAction("ad_account", (account,)), [stays], Truth({account: "OPERATOR"}, frozenset()), seen())
    assert plan([stays], seen(), ActionHistory(), NOW, PATIENCE) == ShareAction("ad_account", "OPERATOR", (account,))
