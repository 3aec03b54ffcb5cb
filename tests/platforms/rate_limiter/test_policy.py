"""When a call may go: whatever is asked, no window and no minute ever holds too many."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms.port import Priority
from app.platforms.rate_limit_policy import (
    PATIENCE,
    WINDOW,
    Allowance,
    Later,
    Limits,
    Reservation,
    is_void,
    limited,
    reserve,
    succeeded,
)

NOW = 1_795_000_000_000
LIMITS = Limits(qps=8, qpm=480)
MINUTE = 60_000

urgencies = st.sampled_from(Priority)
asked = st.lists(st.tuples(st.integers(0, 700), urgencies), max_size=80)


def granted(
    allowance: Allowance, now: int, priority: Priority, limits: Limits = LIMITS
) -> tuple[Allowance, Reservation]:
    taken = reserve(allowance, now, priority, limits, PATIENCE[priority])
    assert not isinstance(taken, Later)
    return taken


@given(asked, st.integers(1, 12), st.integers(1, 60))
def test_no_window_and_no_minute_holds_too_many(calls: list[tuple[int, Priority]], qps: int, qpm: int) -> None:
    limits, allowance, now, at = Limits(qps, qpm), Allowance(), NOW, list[int]()
    for pause, priority in calls:
        now += pause
        taken = reserve(allowance, now, priority, limits, PATIENCE[priority])
        if isinstance(taken, Later):
            assert taken.wait > PATIENCE[priority]
            continue
        allowance, grant = taken
        assert now <= grant.at <= now + PATIENCE[priority]
        at.append(grant.at)
    assert fullest(at, WINDOW) <= qps
    assert fullest(at, MINUTE) <= qpm


@given(asked)
def test_watches_and_handshakes_never_fill_what_is_kept_for_those_who_look(calls: list[tuple[int, Priority]]) -> None:
    allowance, now, of = Allowance(), NOW, {Priority.BACKGROUND: list[int](), Priority.HANDSHAKE: list[int]()}
    for pause, priority in calls:
        now += pause
        if priority is Priority.INTERACTIVE:
            continue
        taken = reserve(allowance, now, priority, LIMITS, PATIENCE[priority])
        if not isinstance(taken, Later):
            allowance, grant = taken
            of[priority].append(grant.at)
    assert fullest(of[Priority.BACKGROUND], WINDOW) <= 4
    assert fullest(sorted(of[Priority.BACKGROUND] + of[Priority.HANDSHAKE]), WINDOW) <= 6
    assert granted(allowance, now, Priority.INTERACTIVE)[1].at == now


def test_while_watches_fill_their_half_somebody_who_looks_goes_at_once() -> None:
    allowance = Allowance()
    taken: tuple[Allowance, Reservation] | Later = granted(allowance, NOW, Priority.BACKGROUND)
    while not isinstance(taken, Later):
        allowance = taken[0]
        taken = reserve(allowance, NOW, Priority.BACKGROUND, LIMITS, PATIENCE[Priority.BACKGROUND])
    assert [granted(allowance, NOW, Priority.INTERACTIVE)[1].at] == [NOW]
    for _ in range(4):
        allowance, grant = granted(allowance, NOW, Priority.INTERACTIVE)
    assert grant.at == NOW
    assert granted(allowance, NOW, Priority.INTERACTIVE)[1].at == NOW + WINDOW


@pytest.mark.parametrize(
    ("priority", "at_once"), [(Priority.INTERACTIVE, 8), (Priority.HANDSHAKE, 6), (Priority.BACKGROUND, 4)]
)
def test_how_many_of_a_priority_go_at_once(priority: Priority, at_once: int) -> None:
    allowance, at = Allowance(), []
    for _ in range(at_once + 1):
        allowance, grant = granted(allowance, NOW, priority)
        at.append(grant.at - NOW)
    assert at == [0] * at_once + [WINDOW]


def test_one_call_a_window_is_left_to_everybody() -> None:
    for priority in Priority:
        assert granted(Allowance(reduced_to=1), NOW, priority)[1].at == NOW


def test_who_would_wait_too_long_is_told_for_how_long() -> None:
    closed = Allowance(closed_until=NOW + 30_000)
    assert reserve(closed, NOW, Priority.INTERACTIVE, LIMITS, PATIENCE[Priority.INTERACTIVE]) == Later(
        30_000, limited=True
    )
    assert reserve(Allowance(granted=(NOW,)), NOW, Priority.BACKGROUND, Limits(1, 60), 500) == Later(
        WINDOW, limited=False
    )


def test_a_minute_that_is_full_is_waited_out() -> None:
    allowance, at = Allowance(), []
    for number in range(6):
        taken = reserve(allowance, NOW + number * 2_000, Priority.INTERACTIVE, Limits(8, 5), MINUTE * 2)
        assert not isinstance(taken, Later)
        allowance, grant = taken
        at.append(grant.at)
    assert at[4] == NOW + 8_000
    assert MINUTE <= at[5] - at[0] <= MINUTE + 4_000


def test_too_often_halves_and_pauses_longer_each_time_until_a_call_goes_through() -> None:
    allowance, now, seen = Allowance(), NOW, []
    for _ in range(5):
        grant = Reservation(now, now, reduced=False)
        allowance = limited(allowance, now, grant, LIMITS)
        seen.append((allowance.reduced_to, allowance.closed_until - now))
        now = allowance.closed_until + 1
    assert seen == [(4, 1_000), (2, 5_000), (1, 30_000), (1, 300_000), (1, 300_000)]
    allowance = succeeded(allowance, now, Reservation(now, now, reduced=True), LIMITS)
    assert limited(allowance, now, Reservation(now, now, reduced=True), LIMITS).closed_until == now + 1_000


def test_calls_that_were_under_way_together_count_as_one_setback() -> None:
    first = limited(Allowance(), NOW + 50, Reservation(NOW, NOW, reduced=False), LIMITS)
    again = limited(first, NOW + 60, Reservation(NOW + 10, NOW + 10, reduced=False), LIMITS)
    assert (again.reduced_to, again.setbacks, again.closed_until) == (4, 1, NOW + 1_050)
    late = succeeded(again, NOW + 70, Reservation(NOW + 20, NOW, reduced=False), LIMITS)
    assert late.setbacks == 1


def test_grants_of_moments_to_come_are_void_after_a_setback() -> None:
    allowance, first = granted(Allowance(), NOW, Priority.INTERACTIVE, Limits(1, 60))
    allowance, second = granted(allowance, NOW, Priority.INTERACTIVE, Limits(1, 60))
    assert second.at == NOW + WINDOW
    allowance = limited(allowance, NOW + 100, first, Limits(1, 60))
    assert is_void(allowance, second)
    assert allowance.granted == (NOW,)
    allowance, third = granted(allowance, NOW + 200, Priority.INTERACTIVE, Limits(1, 60))
    assert not is_void(allowance, third)
    assert third.at >= NOW + 1_100


def test_the_allowance_recovers_by_one_every_ten_seconds_of_success() -> None:
    allowance = limited(Allowance(), NOW, Reservation(NOW, NOW, reduced=False), LIMITS)
    raised: dict[int | None, int] = {}
    for second in range(1, 60):
        now = NOW + second * 1_000
        allowance = succeeded(allowance, now, Reservation(now, now, reduced=True), LIMITS)
        raised.setdefault(allowance.reduced_to, second)
    assert raised == {4: 1, 5: 10, 6: 20, 7: 30, None: 40}


@given(asked, st.integers(0, 79), st.integers(2, 8))
def test_after_a_setback_no_window_holds_more_than_half(
    calls: list[tuple[int, Priority]], after: int, qps: int
) -> None:
    limits, allowance, now, since = Limits(qps, 10_000), Allowance(), NOW, list[int]()
    for number, (pause, priority) in enumerate(calls):
        now += pause
        taken = reserve(allowance, now, priority, limits, PATIENCE[priority])
        if isinstance(taken, Later):
            continue
        allowance, grant = taken
        if number == after:
            allowance = limited(allowance, grant.at, grant, limits)
            now = grant.at
            continue
        if allowance.reduced_to is not None:
            since.append(grant.at)
    assert fullest(since, WINDOW) <= max(1, qps // 2)


def test_a_clock_that_was_wrong_blocks_nobody_for_long() -> None:
    future = NOW + 86_400_000
    wrong = Allowance(
        granted=(future,) * 8, minute={future // 2_000: 480}, limited_at=future, closed_until=future, reduced_to=1
    )
    opened, grant = granted(wrong, NOW, Priority.INTERACTIVE)
    assert grant.at == NOW
    assert not is_void(opened, grant)
    assert limited(opened, NOW + 1, grant, LIMITS).setbacks == 1


def fullest(moments: list[int], span: int) -> int:
    """The most moments in any span, its end left out."""
    ordered = sorted(moments)
    assert all(before <= after for before, after in pairwise(ordered))
    return max((sum(first <= each < first + span for each in ordered) for first in ordered), default=0)
