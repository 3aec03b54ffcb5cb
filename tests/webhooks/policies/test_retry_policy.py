"""When attempts follow one another, and when they end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.policies import retry_policy
from app.webhooks.policies.response_classifier import AttemptOutcome

NOW = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
FAILED = AttemptOutcome("http_500", False, "The receiver answered 500.")
FOREVER = NOW + timedelta(days=400)


def since_start(policy: str) -> list[timedelta]:
    passed, found = timedelta(), []
    for delay in retry_policy.delays(policy):
        passed += timedelta(seconds=delay)
        found.append(passed)
    return found


def test_the_standard_table() -> None:
    shown = [
        "0:00:00", "0:00:05", "0:00:35", "0:02:35", "0:12:35", "0:42:35", "2:42:35", "7:42:35", "17:42:35",
        "1 day, 7:42:35", "2 days, 3:42:35", "3 days, 3:42:35",
    ]  # fmt: skip
    assert [str(moment) for moment in since_start("standard")] == shown


def test_the_other_policies() -> None:
    assert retry_policy.delays("fast") == (0, 5, 30, 120, 600)
    assert retry_policy.delays("none") == (0,)
    assert since_start("patient")[-1] == timedelta(days=7)
    assert retry_policy.delays("patient")[:12] == retry_policy.delays("standard")
    assert retry_policy.delays([60, 3600]) == (0, 60, 3600)


def test_the_age_limit() -> None:
    assert retry_policy.age_limit("standard") == timedelta(days=5)
    assert retry_policy.age_limit("none") == timedelta(days=5)
    assert retry_policy.age_limit("patient") == timedelta(days=8)
    assert retry_policy.age_limit([14 * 24 * 3600]) == timedelta(days=15)


@pytest.mark.parametrize("made", range(1, 12))
def test_a_failure_is_followed_by_the_next_step_never_earlier(made: int) -> None:
    promised = timedelta(seconds=retry_policy.delays("standard")[made])
    for jitter in (1.0, 1.2):
        step = retry_policy.step_after(FAILED, made=made, policy="standard", jitter=jitter, now=NOW, expires_at=FOREVER)
        assert (step.status, step.reason) == ("retrying", "http_500")
        assert step.due_in == promised * jitter


def test_after_the_last_attempt_it_is_exhausted() -> None:
    step = retry_policy.step_after(FAILED, made=12, policy="standard", jitter=1.0, now=NOW, expires_at=FOREVER)
    assert step == retry_policy.Step("exhausted", "attempts_used", None)


def test_no_attempt_is_promised_beyond_the_age_limit() -> None:
    step = retry_policy.step_after(
        FAILED, made=4, policy="standard", jitter=1.0, now=NOW, expires_at=NOW + timedelta(minutes=9)
    )
    assert step == retry_policy.Step("exhausted", "age_limit", None)


@pytest.mark.parametrize(("ends", "reason"), [("event", "refused"), ("endpoint", "gone")])
def test_what_will_never_pass_ends_at_the_first_attempt(ends: Any, reason: str) -> None:
    refused = AttemptOutcome("http_400", False, "It refused the record.", ends=ends)
    step = retry_policy.step_after(refused, made=1, policy="standard", jitter=1.0, now=NOW, expires_at=FOREVER)
    assert step == retry_policy.Step("exhausted", reason, None)


@pytest.mark.parametrize(
    ("code", "aside"),
    [
        ("http_400", "now"), ("http_404", "now"), ("http_409", "now"), ("http_413", "now"), ("http_422", "now"),
        ("http_401", "if_others_pass"), ("http_403", "if_others_pass"), ("http_429", "if_others_pass"),
        ("http_500", "if_others_pass"), ("timeout_answer", "if_others_pass"), ("gone", "if_others_pass"),
    ],
)  # fmt: skip
def test_from_the_fifth_attempt_on_one_may_step_aside(code: str, aside: str) -> None:
    failed = AttemptOutcome(code, False, "")
    steps = [
        retry_policy.step_after(failed, made=made, policy="standard", jitter=1.0, now=NOW, expires_at=FOREVER).aside
        for made in (1, 4, 5, 11)
    ]
    assert steps == ["never", "never", aside, aside]


def test_what_arrived_is_done() -> None:
    arrived = AttemptOutcome("http_200", True, "")
    step = retry_policy.step_after(arrived, made=12, policy="none", jitter=1.0, now=NOW, expires_at=NOW)
    assert step == retry_policy.Step("succeeded", None, None)


def test_a_longer_wait_asked_for_is_kept_and_jitter_only_adds() -> None:
    slow = AttemptOutcome("throttled", False, "", timedelta(minutes=5))
    early = retry_policy.step_after(slow, made=1, policy="standard", jitter=1.1, now=NOW, expires_at=FOREVER)
    late = retry_policy.step_after(slow, made=6, policy="standard", jitter=1.1, now=NOW, expires_at=FOREVER)
    assert early.due_in == timedelta(minutes=5.5)
    assert late.due_in == timedelta(hours=2.2)


@given(
    policy=st.sampled_from(sorted(retry_policy.POLICIES)) | st.lists(st.integers(1, 50_000), max_size=20),
    jitter=st.floats(1.0, retry_policy.MOST_JITTER),
    waits=st.lists(st.integers(0, 90_000), min_size=40, max_size=40),
)
def test_from_any_failures_it_ends_in_time(policy: str | list[int], jitter: float, waits: list[int]) -> None:
    now, expires_at = NOW, NOW + retry_policy.age_limit(policy)
    for made, wait in enumerate(waits, start=1):
        outcome = AttemptOutcome("x", False, "", timedelta(seconds=wait))
        step = retry_policy.step_after(outcome, made=made, policy=policy, jitter=jitter, now=now, expires_at=expires_at)
        if step.due_in is None:
            assert step.status == "exhausted"
            return
        assert step.due_in >= timedelta(seconds=max(retry_policy.delays(policy)[made], wait))
        now += step.due_in
        assert now <= expires_at
    raise AssertionError("it went on")
