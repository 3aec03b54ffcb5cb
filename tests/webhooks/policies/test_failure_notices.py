"""Who hears when that an endpoint fails, and when it is given up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.policies import health_rules
from app.webhooks.policies.health_rules import Failing

START = datetime(2026, 12, 1, tzinfo=UTC)


def failing(*, spread: float, attempts: int = 6, exhausted: int = 0, behind: int = 0) -> Failing:
    """Failing since START, lastly `spread` hours later."""
    return Failing(START, START + timedelta(hours=spread), attempts, exhausted, behind)


@pytest.mark.parametrize(
    ("hours", "status", "do", "behind"),
    [
        (0.1, failing(spread=0.1), "nothing", 0),
        (0.2, failing(spread=0.2), "notify", 1),
        (5, failing(spread=0.1), "nothing", 0),  # one bad moment, nothing tried since
        (90, failing(spread=0.0, attempts=1), "nothing", 0),
        (5, failing(spread=5, behind=1), "nothing", 1),
        (24, failing(spread=20, behind=1), "notify", 2),
        (71.9, failing(spread=50, behind=2), "nothing", 2),
        (72, failing(spread=50, behind=2), "notify", 3),
        (96, failing(spread=50, behind=3), "notify", 4),
        (119, failing(spread=110, behind=4), "nothing", 4),
        (80, failing(spread=80, behind=0), "notify", 3),  # nobody could tell before: one notice, not three
        (500, failing(spread=500, behind=4), "nothing", 4),
        (120, failing(spread=100, attempts=20, exhausted=1, behind=4), "disable", 4),
        (120, failing(spread=24, attempts=20, exhausted=1, behind=0), "disable", 0),
        (119.9, failing(spread=100, attempts=20, exhausted=1, behind=4), "nothing", 4),
        (120, failing(spread=100, attempts=19, exhausted=1, behind=4), "nothing", 4),
        (120, failing(spread=23.9, attempts=20, exhausted=1, behind=4), "nothing", 4),
        (120, failing(spread=100, attempts=20, exhausted=0, behind=4), "nothing", 4),
    ],
)
def test_what_is_done(hours: float, status: Failing, do: str, behind: int) -> None:
    step = health_rules.failure_step(status, START + timedelta(hours=hours))
    assert (step.do, step.notices) == (do, behind)


WORLDS = st.builds(
    Failing,
    since=st.just(START),
    last_failed_at=st.floats(0, 400).map(lambda hours: START + timedelta(hours=hours)),
    failed_attempts=st.integers(1, 100),
    exhausted=st.integers(0, 5),
    notices=st.integers(0, 4),
)
LATER = st.floats(0, 400).map(lambda hours: timedelta(hours=hours))


@given(WORLDS, LATER)
def test_a_step_that_was_taken_is_not_taken_again(status: Failing, later: timedelta) -> None:
    now = status.last_failed_at + later
    step = health_rules.failure_step(status, now)
    if step.do == "notify":
        assert step.notices > status.notices
        assert health_rules.failure_step(replace(status, notices=step.notices), now).do == "nothing"


@given(WORLDS, LATER)
def test_two_unlucky_events_never_disable(status: Failing, later: timedelta) -> None:
    few = replace(status, failed_attempts=2)
    assert health_rules.failure_step(few, few.last_failed_at + later).do != "disable"


@given(WORLDS, LATER, LATER)
def test_hopeless_stays_hopeless(status: Failing, later: timedelta, still: timedelta) -> None:
    now = status.last_failed_at + later
    if health_rules.failure_step(status, now).do == "disable":
        assert health_rules.failure_step(status, now + still).do == "disable"


@given(st.lists(st.floats(0, 300), min_size=1, max_size=60))
def test_nobody_hears_more_than_four_times(rounds: list[float]) -> None:
    told, behind = 0, 0
    for hours in sorted(rounds):
        step = health_rules.failure_step(
            failing(spread=hours, attempts=19, behind=behind), START + timedelta(hours=hours)
        )
        told, behind = told + (step.do == "notify"), step.notices
    assert told <= len(health_rules.NOTICES)
