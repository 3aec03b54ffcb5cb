"""Loops that go round, and those that stopped."""

from app.webhooks.metrics import Heartbeat


class Clock:
    """Time that passes when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_new_pulse_is_given_a_minute() -> None:
    clock = Clock()
    pulse = Heartbeat(("deliveries",), clock)
    clock.now += 60
    assert (pulse.stopped(), pulse.is_quiet()) == ([], False)
    clock.now += 1
    assert (pulse.stopped(), pulse.is_quiet()) == (["deliveries"], True)


def test_beats_and_attempts_are_told_apart() -> None:
    clock = Clock()
    pulse = Heartbeat(clock=clock)
    pulse.beat("deliveries")
    clock.now += 61
    pulse.attempt()
    assert (pulse.stopped(), pulse.is_quiet()) == (["deliveries"], False)
    pulse.beat("deliveries")
    clock.now += 60
    assert (pulse.stopped(), pulse.is_quiet()) == ([], False)


def test_a_loop_that_nobody_knows_is_not_missed() -> None:
    assert Heartbeat().stopped() == []
