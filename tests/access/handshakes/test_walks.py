"""Random walks: from any seen world, with any answers, the plan ends, repeats nothing and takes nothing of others."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.access.handshakes.deciding.plan import Give, Take, Wait, plan
from app.access.handshakes.deciding.status import statuses
from app.access.handshakes.deciding.world import Key, Seen, Side, Sight, Tried, Try, Unread, Want, rank
from app.access.patience import Patience
from tests.access.handshakes.test_plan import NOW, PATIENCE, seen, want

ACCOUNTS = [str(7200000000000000100 + number) for number in range(4)]
CODES = ["C4ABCDEFGH77U7QBTM10", "CD1JKLMNOP77VD28TR20"]
PEOPLE = ["person_a", "person_b"]
KEYS = [
    *(Key("ad_account", account) for account in ACCOUNTS),
    *(Key("pixel", code, account) for code in CODES for account in ACCOUNTS[:2]),
    *(Key("person", person) for person in PEOPLE),
    Key("catalog", "7300000000000000001"),
]
ROLES = {
    "ad_account": ["ANALYST", "OPERATOR", "ADMIN"],
    "pixel": ["LINK"],
    "person": ["ANALYST"],
    "catalog": ["AD_PROMOTE"],
}


@st.composite
def wants(draw: st.DrawFn) -> Want:
    key = draw(st.sampled_from(KEYS))
    lane = "guided" if key.kind == "catalog" else draw(st.sampled_from(["connected", "connected", "guided"]))
    return want(
        key.asset_id if draw(st.integers(0, 9)) else None,
        kind=key.kind,
        through_id=key.through_id,
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

    held: dict[Key, str]
    before: frozenset[Key]
    tried: Tried = field(default_factory=Tried)

    def seen(self, client: Unread | None, agency: Unread | None) -> Seen:
        def side(why_not: Unread | None, hidden: str = "") -> Side:
            if why_not is not None:
                return Side(otherwise=Sight(why_not=why_not))
            shown = {key: Sight(role) for key, role in self.held.items() if key.kind != hidden}
            return Side(shown, otherwise=Sight())

        theirs = side(client)
        return replace(seen(), client=theirs, agency=side(agency, "person"), client_can_write=client is None)

    def do(self, step: Give | Take, reply: str, now: datetime) -> None:
        into: dict[Key, Try] = dict(self.tried.given if isinstance(step, Give) else self.tried.taken)
        for key in step.keys:
            if reply in ("ok", "lost"):
                self._change(step, key)
            times = (into[key].times if key in into else 0) + (reply != "unavailable")
            role = step.role if isinstance(step, Give) else ""
            outcome: Any = "unclear" if reply == "lost" else reply
            into[key] = Try(now, role, outcome, times=times, batch=len(step.keys))
        self.tried = replace(self.tried, **{"given" if isinstance(step, Give) else "taken": into})

    def _change(self, step: Give | Take, key: Key) -> None:
        if isinstance(step, Give):
            self.held[key] = max(step.role, self.held.get(key, step.role), key=rank)
        else:
            self.held.pop(key, None)


def check(step: Give | Take, wanted: list[Want], truth: Truth, world: Seen) -> None:
    """Nothing without a yes, nothing that is there already, nothing of others."""
    assert world.client_can_write
    for key in step.keys:
        mine = [each for each in wanted if each.key == key and each.is_live]
        if isinstance(step, Give):
            yes = [each for each in mine if each.role == step.role and not each.unwanted and not each.link_ended]
            assert any(each.lane == "connected" for each in yes)
            assert rank(truth.held.get(key)) < rank(step.role)
            assert key.account is None or key.account in truth.held
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
    client, agency = data.draw(st.sampled_from([None, None, *Unread])), data.draw(st.sampled_from([None, *Unread]))
    truth, now, patience = Truth(dict(start), frozenset(start)), NOW, Patience()
    for _ in range(300):
        world = truth.seen(client, agency)
        statuses(wanted, world, truth.tried, now, patience)  # total, whatever was seen
        step = plan(wanted, world, truth.tried, now, patience)
        if not isinstance(step, Give | Take):
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
    every = [*truth.tried.given.values(), *truth.tried.taken.values()]
    if client is None and not any(each.outcome == "denied" for each in every):
        assert _everything_done(wanted, truth)


def _everything_done(wanted: list[Want], truth: Truth) -> bool:
    """Every approved ask of the connected lane that is alone on its asset has at least its role."""
    for each in wanted:
        alone = sum(other.key == each.key for other in wanted) == 1
        fresh = each.is_live and not each.unwanted and not each.link_ended and not each.was_verified
        if alone and fresh and each.lane == "connected" and each.key and each.key.account is None:
            assert rank(truth.held.get(each.key)) >= rank(each.role)
        leaves = each.unwanted and not (each.over or each.declined)
        if alone and leaves and each.key and each.key.kind == "ad_account":
            assert each.key not in truth.held
    return True


def test_the_check_bites() -> None:
    """The walk rests on it: a share without a yes, and a take of what another ask wants, are noticed."""
    account = Key("ad_account", ACCOUNTS[0])
    unapproved = want(ACCOUNTS[0], approved_at=None)
    with pytest.raises(AssertionError):
        check(Give("ad_account", "OPERATOR", (account,)), [unapproved], Truth({}, frozenset()), seen())
    stays = want(ACCOUNTS[0])
    with pytest.raises(AssertionError):
        check(Take("ad_account", (account,)), [stays], Truth({account: "OPERATOR"}, frozenset()), seen())
    assert plan([stays], seen(), Tried(), NOW, PATIENCE) == Give("ad_account", "OPERATOR", (account,))
