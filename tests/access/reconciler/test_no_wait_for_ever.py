"""No endless wait: from any status and with any answers, access ends in a proof or a blocker that a person can fix."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.access.pacing import RetryTiming
from app.access.reconciler.planner import Wait, plan, share_at, unshare_at
from app.access.reconciler.state import ActionHistory, DesiredAccess, ObservedAccess, ObservedSide, PastAction
from app.access.reconciler.status import Status, changes_at, statuses
from app.platforms.access import AssetKey, Observation, ReadFailure, ShareAction, UnshareAction
from app.platforms.tiktok.kinds import AD_ACCOUNT, PERSON
from tests.access.reconciler.test_plan import NOW
from tests.access.reconciler.test_walks import ROLES, wants

PATIENCE = RetryTiming()
CODES = ["app_problem", "not_bc_admin", "scope_not_authorized", "asset_not_found", "connection_dead", None]
PROBLEMS = ["asset_owned_elsewhere", "ad_account_suspended", "account_not_ticked"]
MOMENTS = st.sampled_from([None, *(NOW - timedelta(hours=hours) for hours in (0, 1, 3, 30, 80))])
AT_REST = frozenset({"verified", "attested", "declined", "ended", "waiting", "awaiting_client"})


@st.composite
def any_want(draw: st.DrawFn) -> DesiredAccess:
    more: dict[str, Any] = {
        name: draw(MOMENTS) for name in ("seen_at", "drifted_at", "listed_at", "connected_at", "recheck_at")
    }
    flags: dict[str, Any] = {
        name: draw(st.booleans()) for name in ("needs_events", "attested", "proved_by_client", "held_by_others")
    }
    return replace(draw(wants()), **more, **flags)


@st.composite
def sights(draw: st.DrawFn, key: AssetKey) -> Observation:
    what = draw(st.sampled_from(["role", "role", "nothing", "nothing", "unread", "person"]))
    if what == "role":
        return Observation(draw(st.sampled_from([*ROLES[key.kind], "ADMIN"])), everything=draw(st.booleans()))
    if what == "unread":
        return Observation(why_not=draw(st.sampled_from(list(ReadFailure))), blocker=draw(st.sampled_from(CODES)))
    if what == "person" and key.kind == "person":
        flag = draw(st.sampled_from(["pending", "rejected", "member"]))
        return Observation(**{flag: True})  # type: ignore[arg-type]  # the flags of a sight
    return Observation()


@st.composite
def worlds(draw: st.DrawFn, keys: list[AssetKey]) -> ObservedAccess:
    client = {key: draw(sights(key)) for key in keys}
    agency = {key: draw(sights(key)) for key in keys}
    away = any(each.why_not is ReadFailure.UNAVAILABLE for each in (*client.values(), *agency.values()))
    return ObservedAccess(
        ObservedSide(client), ObservedSide(agency),
        asset_problems={key: draw(st.sampled_from(PROBLEMS)) for key in keys if draw(st.integers(0, 4)) == 0},
        center_problem=draw(st.sampled_from([None, None, None, "not_bc_admin", "bc_not_enabled"])),
        client_can_write=draw(st.sampled_from([True, True, True, False])),
        partnered=draw(st.sampled_from([None, True, False])),
        authorization_blocker=draw(st.sampled_from([None, "consent_cancelled"])),
        events={key: draw(st.sampled_from([0, 3])) for key in keys if key.kind == "pixel" and draw(st.booleans())},
        unavailable_since=NOW if away else None,
    )  # fmt: skip


@st.composite
def attempts(draw: st.DrawFn, keys: list[AssetKey]) -> dict[AssetKey, PastAction]:
    return {
        key: PastAction(
            at=NOW - timedelta(minutes=draw(st.integers(1, 3000))), role=draw(st.sampled_from(ROLES[key.kind])),
            outcome=draw(st.sampled_from(["ok", "unclear", "open", "denied", "unavailable"])),
            times=draw(st.integers(0, 9)), blocker=draw(st.sampled_from(CODES)), batch=draw(st.integers(1, 2)),
            operation=draw(st.sampled_from(["", PERSON.invite_operation or ""])),
        )
        for key in keys
        if draw(st.integers(0, 2)) == 0
    }  # fmt: skip


@dataclass
class Stubborn:
    """A platform that keeps giving one answer and changes nothing."""

    reply: Any
    blocker: str | None
    tried: ActionHistory

    def do(self, step: ShareAction | UnshareAction, now: datetime) -> datetime:
        """Sends it; the time at which the next thing can be done."""
        into = dict(self.tried.shared if isinstance(step, ShareAction) else self.tried.unshared)
        for key in step.keys:
            before = into.get(key)
            since = (before.since if before else None) or now
            into[key] = PastAction(
                now, step.role if isinstance(step, ShareAction) else "", self.reply,
                times=(before.times if before else 0) + (self.reply != "unavailable"), blocker=self.blocker,
                batch=len(step.keys), since=since if self.reply == "unavailable" else None,
            )  # fmt: skip
        which = "shared" if isinstance(step, ShareAction) else "unshared"
        self.tried = replace(self.tried, **{which: into})
        return now + timedelta(minutes=30 if self.reply == "unavailable" else 0, seconds=1)


def _is_ours(
    want: DesiredAccess, wanted: list[DesiredAccess], world: ObservedAccess, tried: ActionHistory, now: datetime
) -> bool:
    """True if something is due for it, or for its ad account, before patience ends."""
    accounts = [each for each in wanted if each.key and each.key == want.parent]
    moments = [
        at
        for each in (want, *accounts)
        for at in (
            share_at(each, world, tried, now, PATIENCE), unshare_at(each, wanted, world, tried, now, PATIENCE)
        )
    ]  # fmt: skip
    return any(at is not None and at <= now + PATIENCE.accepted for at in moments)


def check_turns(
    wanted: list[DesiredAccess], shown: list[Status], world: ObservedAccess, tried: ActionHistory, now: datetime
) -> None:
    for want, each in zip(wanted, shown, strict=True):
        if each.next_actor == "us":
            away = world.unavailable_since is not None and now < world.unavailable_since + PATIENCE.silence
            about = (each, want, want.key and (world.client.of(want.key), world.agency.of(want.key)))
            assert away or _is_ours(want, wanted, world, tried, now), about
        if each.status in ("blocked", "drifted"):
            assert each.next_actor, each
            assert each.code or each.next_actor == "us", each
        if each.status == "verified" and each.seen_by is not None and want.key is not None:
            assert {side.of(want.key).role for side in (world.agency, world.client)} & {each.role_seen}


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_nothing_waits_for_us_or_the_platform_for_ever(data: st.DataObject) -> None:
    wanted = data.draw(st.lists(any_want(), min_size=1, max_size=4))
    keys = list(dict.fromkeys(key for want in wanted if want.key for key in (want.key, want.parent) if key))
    world = data.draw(worlds(keys))
    platform = Stubborn(
        data.draw(st.sampled_from(["ok", "unclear", "denied", "unavailable"])), data.draw(st.sampled_from(CODES)),
        ActionHistory(data.draw(attempts(keys)), data.draw(attempts(keys))),
    )  # fmt: skip
    now = NOW
    for _ in range(400):
        shown = statuses(wanted, world, platform.tried, now, PATIENCE)
        check_turns(wanted, shown, world, platform.tried, now)
        step = plan(wanted, world, platform.tried, now, PATIENCE)
        if isinstance(step, ShareAction | UnshareAction):
            now = platform.do(step, now)
        else:
            turns = changes_at(wanted, world, platform.tried, now, PATIENCE)
            moments = [at for at in (step.until if isinstance(step, Wait) else None, turns) if at is not None]
            if not moments:
                break
            assert min(moments) > now
            now = min(moments)
        if platform.reply == "unavailable" and now > NOW + timedelta(hours=90):
            break  # a write that cannot be sent is retried for ever, and reported
    else:
        pytest.fail("it did not come to rest")
    for want, each in zip(wanted, statuses(wanted, world, platform.tried, now, PATIENCE), strict=True):
        assert each.next_actor != "us", (want, each)
        if each.next_actor == "platform" and not (want.key and want.parent):
            assert each.code, (want, each)
        if each.status not in AT_REST | {"leaving"}:
            assert each.next_actor, (want, each)


def test_the_check_bites() -> None:
    """A status that is ours with nothing due is noticed."""
    account = replace(data_want(), lane="guided")
    with pytest.raises(AssertionError):
        check_turns([account], [Status("approved", "us")], ObservedAccess(), ActionHistory(), NOW)


def data_want() -> DesiredAccess:
    return DesiredAccess("access_request", AD_ACCOUNT, "7200000000000000100", "OPERATOR", "connected", approved_at=NOW)
