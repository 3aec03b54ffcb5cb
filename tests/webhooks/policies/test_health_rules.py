"""What attempts make of an endpoint: sparing, holding, opening, closing, giving up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.policies.health_rules import (
    BLOCKED_AT_LEAST,
    UNREACHABLE_OPENS,
    EndpointHealthState,
    HealthInput,
    HealthUpdate,
    capacity,
    health_after,
)
from app.webhooks.policies.response_classifier import AttemptOutcome

NOW = datetime(2026, 12, 4, 12, tzinfo=UTC)
OK = HealthInput(AttemptOutcome("http_200", True, ""), "evt_1")


def is_well(state: EndpointHealthState) -> bool:
    """True if a success would change nothing."""
    return (
        state.breaker == "closed"
        and state.hold_until is None
        and state.reduced_concurrency is None
        and state.failing_since is None
        and not (state.unreachable or state.openings or state.notices)
    )


def failed(code: str, *, wait: timedelta = timedelta(), exhausted: bool = False) -> HealthInput:
    return HealthInput(AttemptOutcome(code, False, "", wait), "evt_2", exhausted)


def made(
    health: EndpointHealthState, *tried: HealthInput, now: datetime = NOW, window: tuple[int, int] = (0, 0)
) -> HealthUpdate:
    return health_after(health, tried, concurrency=5, now=now, window=window)


def free(
    health: EndpointHealthState, *, in_flight: int = 0, now: datetime = NOW, tokens: float | None = None
) -> tuple[int, str | None]:
    return capacity(health, concurrency=5, in_flight=in_flight, tokens=tokens, paused=False, now=now)


def test_a_success_leaves_a_well_endpoint_as_it_was() -> None:
    assert made(EndpointHealthState(), OK) == HealthUpdate(EndpointHealthState())
    assert is_well(EndpointHealthState())


@pytest.mark.parametrize("code", ["timeout_answer", "connect_refused", "tls_certificate", "dns_nxdomain"])
def test_it_opens_when_it_cannot_be_reached_five_times_in_a_row(code: str) -> None:
    four = made(EndpointHealthState(), *[failed(code)] * (UNREACHABLE_OPENS - 1)).health
    assert four.breaker == "closed"
    five = made(four, failed(code))
    assert (five.health.breaker, five.opened) == ("open", True)
    assert five.health.open_until == NOW + timedelta(seconds=30)
    assert free(five.health) == (0, "circuit")


def test_an_answer_between_them_counts_them_anew() -> None:
    broken = [failed("timeout_answer")] * 4
    assert made(EndpointHealthState(), *broken, failed("http_404"), *broken).health.breaker == "closed"


@pytest.mark.parametrize(
    ("window", "breaker"), [((9, 9), "closed"), ((10, 7), "closed"), ((10, 8), "open"), ((200, 160), "open")]
)
def test_it_opens_when_most_attempts_of_a_minute_fail(window: tuple[int, int], breaker: str) -> None:
    assert made(EndpointHealthState(), failed("http_500"), window=window).health.breaker == breaker


def test_it_opens_longer_each_time_and_at_most_ten_minutes() -> None:
    health, now, spans = EndpointHealthState(), NOW, []
    for _ in range(8):
        health = made(health, *[failed("timeout_connect")] * UNREACHABLE_OPENS, now=now).health
        assert health.open_until is not None
        spans.append((health.open_until - now).total_seconds())
        now = health.open_until
        health = EndpointHealthState(**{**health.__dict__, "breaker": "half_open", "probes": 1})
    assert spans == [30, 60, 120, 240, 480, 600, 600, 600]


def test_half_open_lets_one_go_then_two_then_four_and_closes() -> None:
    health = EndpointHealthState(breaker="open", open_until=NOW - timedelta(seconds=1), openings=3)
    assert free(health) == (1, None)
    health = EndpointHealthState(breaker="half_open", probes=1, openings=3)
    assert free(health, in_flight=1) == (0, "circuit")
    probes = []
    while health.breaker != "closed":
        health = made(health, OK).health
        probes.append(health.probes)
    assert probes == [2, 4, 0]
    assert health.openings == 0


def test_a_failure_while_half_open_opens_again_but_a_404_does_not() -> None:
    half = EndpointHealthState(breaker="half_open", probes=2, openings=1)
    assert made(half, failed("http_404")).health.breaker == "half_open"
    again = made(half, failed("http_503")).health
    assert (again.breaker, again.open_until) == ("open", NOW + timedelta(seconds=60))


def test_who_is_busy_gets_half_as_much_and_one_more_after_fifty() -> None:
    health = made(EndpointHealthState(), failed("http_429")).health
    assert (health.reduced_concurrency, free(health)) == (2, (2, None))
    health = made(health, failed("http_502")).health
    assert health.reduced_concurrency == 1
    health = made(health, failed("http_504")).health
    assert health.reduced_concurrency == 1
    health = made(health, *[OK] * 49).health
    assert health.reduced_concurrency == 1
    assert made(health, OK).health.reduced_concurrency == 2
    assert made(health, *[OK] * 200).health.reduced_concurrency is None


def test_a_wait_asked_for_holds_the_endpoint_and_is_never_shortened() -> None:
    health = made(EndpointHealthState(), failed("throttled", wait=timedelta(minutes=10))).health
    assert free(health) == (0, "retry_after")
    health = made(health, failed("throttled", wait=timedelta(minutes=1))).health
    assert health.hold_until == NOW + timedelta(minutes=10)
    assert free(health, now=NOW + timedelta(minutes=10)) == (1, None)


def test_after_a_wait_asked_for_one_goes_first_then_ever_more() -> None:
    health = made(EndpointHealthState(), *[failed("throttled", wait=timedelta(minutes=10))] * 5).health
    assert health.openings == 0
    later, room_for = NOW + timedelta(minutes=10), []
    for _ in range(4):
        room_for.append(free(health, now=later)[0])
        health = made(health, OK, now=later).health
    assert room_for == [1, 2, 4, 5]
    assert is_well(health)


def test_a_probe_that_is_put_off_again_holds_the_endpoint_again() -> None:
    health = made(EndpointHealthState(), failed("throttled", wait=timedelta(minutes=1))).health
    later = NOW + timedelta(minutes=1)
    again = made(health, failed("throttled", wait=timedelta(minutes=2)), now=later).health
    assert free(again, now=later + timedelta(seconds=119)) == (0, "retry_after")
    assert free(again, now=later + timedelta(minutes=2)) == (1, None)


def test_what_was_under_way_when_silence_was_asked_for_is_no_probe() -> None:
    health = made(EndpointHealthState(), failed("throttled", wait=timedelta(minutes=1)), OK, OK, OK).health
    assert free(health, now=NOW) == (0, "retry_after")
    assert free(health, now=NOW + timedelta(minutes=1)) == (1, None)


def test_an_endpoint_that_is_over_is_given_up_at_once() -> None:
    over = AttemptOutcome("gone", False, "Slack answered channel_is_archived.", ends="endpoint")
    assert made(EndpointHealthState(), HealthInput(over, "evt_1")).disable == "gone"


def test_two_410s_five_minutes_apart_give_it_up_and_one_stray_does_not() -> None:
    first = made(EndpointHealthState(), failed("gone"))
    assert first.disable is None
    soon = made(first.health, failed("gone"), now=NOW + timedelta(minutes=4))
    assert soon.disable is None
    assert made(soon.health, failed("gone"), now=NOW + timedelta(minutes=5)).disable == "gone"
    other = made(soon.health, failed("http_500"), now=NOW + timedelta(minutes=4))
    assert made(other.health, failed("gone"), now=NOW + timedelta(minutes=9)).disable is None


def test_a_forbidden_address_for_an_hour_gives_it_up() -> None:
    health = made(EndpointHealthState(), *[failed("blocked_address")] * BLOCKED_AT_LEAST)
    assert health.disable is None
    later = made(health.health, failed("blocked_address"), now=NOW + timedelta(hours=1))
    assert later.disable == "unsafe_url"
    other = made(health.health, failed("dns_nxdomain")).health
    assert made(other, failed("blocked_address"), now=NOW + timedelta(hours=1)).disable is None


def test_what_was_failing_is_counted_and_forgotten_by_a_success() -> None:
    health = made(EndpointHealthState(), failed("http_500"), failed("http_500", exhausted=True)).health
    assert (health.failing_since, health.failed_attempts, health.exhausted) == (NOW, 2, 1)
    assert (health.last_code, health.last_event_id) == ("http_500", "evt_2")
    later = made(health, failed("http_500"), now=NOW + timedelta(hours=1)).health
    assert (later.failing_since, later.last_failed_at) == (NOW, NOW + timedelta(hours=1))
    well = made(later, OK)
    assert (well.health.failing_since, well.health.failed_attempts, well.health.exhausted) == (None, 0, 0)
    assert not well.recovered


def test_a_success_after_notices_is_a_recovery() -> None:
    assert made(EndpointHealthState(failing_since=NOW, notices=2), OK).recovered


@pytest.mark.parametrize(
    ("tokens", "given_"),
    [(None, (5, None)), (0.5, (0, "rate_limit")), (1.0, (1, None)), (3.9, (3, None)), (99.0, (5, None))],
)
def test_a_rate_limit_bounds_what_may_leave(tokens: float | None, given_: tuple[int, str | None]) -> None:
    assert free(EndpointHealthState(), tokens=tokens) == given_


def test_a_pause_holds_everything() -> None:
    assert capacity(EndpointHealthState(), concurrency=5, in_flight=0, tokens=None, paused=True, now=NOW) == (
        0,
        "paused",
    )


codes = st.sampled_from(
    [
        "http_200",
        "http_404",
        "http_429",
        "http_500",
        "http_502",
        "throttled",
        "gone",
        "timeout_answer",
        "blocked_address",
    ]
)


@given(st.lists(st.tuples(codes, st.integers(0, 7200)), max_size=60))
def test_it_always_stays_within_its_bounds_and_can_get_well(story: list[tuple[str, int]]) -> None:
    """Whatever comes, limits hold; and enough successes bring everybody back."""
    health, now = EndpointHealthState(), NOW
    for code, pause in story:
        now += timedelta(seconds=pause)
        tried = OK if code == "http_200" else failed(code, wait=timedelta(seconds=30))
        health = made(health, tried, now=now).health
        assert health.reduced_concurrency is None or 1 <= health.reduced_concurrency < 5
        assert health.breaker != "open" or (health.open_until is not None and health.open_until > NOW)
        assert free(health, now=now)[0] <= 5
    for _ in range(300):
        health = made(health, OK, now=now + timedelta(days=1)).health
    assert is_well(health)
    assert free(health, now=now + timedelta(days=1)) == (5, None)


@given(
    st.lists(st.tuples(codes, st.integers(0, 900), st.integers(1, 1200)), max_size=40),
    st.integers(0, 3600),
    st.integers(0, 3600),
)
def test_after_a_success_an_endpoint_whose_hold_is_over_is_healthy(
    story: list[tuple[str, int, int]], last_pause: int, idle: int
) -> None:
    """For any story that ends with a success: once the hold is over, nothing of it is left."""
    health, now = EndpointHealthState(), NOW
    for code, pause, wait in story:
        now += timedelta(seconds=pause)
        tried = OK if code == "http_200" else failed(code, wait=timedelta(seconds=wait))
        health = made(health, tried, now=now).health
    now += timedelta(seconds=last_pause)
    health = made(health, OK, now=now).health
    assert health.hold_until is None or health.hold_until > now, "the row keeps no hold that is over"
    later = now + timedelta(seconds=idle)
    if health.hold_until is None or health.hold_until <= later:
        number, reason = free(health, now=later)
        assert (number > 0, reason, health.failing_since, health.unreachable) == (True, None, None, 0)
        again = made(health, *[OK] * 500, now=later).health
        assert again.hold_until is None
        assert is_well(again)
