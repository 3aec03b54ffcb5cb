"""Supervision: what dies is started again, later each time, and given up when it keeps dying."""

import pytest

from app.kit import child_processes
from app.kit.child_processes import MOST_DEATHS, STEADY_SECONDS, ChildFailed, Part


class Mortal:
    """A part that a test kills."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.status: int | None = None
        self.starts = 0
        self.fails = fails
        self.part = Part("worker", self.start, lambda: self.status)
        self.said: list[str] = []

    def start(self) -> None:
        """Start."""
        if self.fails:
            raise self.fails
        self.starts += 1
        self.status = None

    def look(self, *, hurry: bool = True) -> None:
        """One round; its pause is cut short."""
        if hurry and self.part.again_at is not None:
            self.part.again_at = 0
        child_processes.check_parts([self.part], self.said.append, (OSError,))


def test_what_runs_is_left_alone() -> None:
    mortal = Mortal()
    mortal.look()
    assert (mortal.starts, mortal.said) == (0, [])


def test_what_dies_is_said_once_and_started_after_its_pause() -> None:
    mortal = Mortal()
    mortal.status = -9
    mortal.look()
    mortal.part.again_at = float("inf")
    mortal.look(hurry=False)
    assert (mortal.starts, mortal.said) == (0, ["worker ended (SIGKILL): it is started again in 0.2 s"])
    mortal.look()
    mortal.look()
    assert (mortal.starts, len(mortal.said)) == (1, 1)


def test_pauses_grow_to_a_limit() -> None:
    pauses = [child_processes.restart_pause(deaths) for deaths in range(1, MOST_DEATHS)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.2, 5.0)


def test_what_keeps_dying_ends_in_a_sentence() -> None:
    mortal = Mortal()
    for _ in range(MOST_DEATHS - 1):
        mortal.status = 3
        mortal.look()
        mortal.look()
    mortal.status = 3
    with pytest.raises(ChildFailed, match=r"worker ended \(exit status 3\), 8 times in a row: see the lines above"):
        mortal.look()
    assert mortal.starts == MOST_DEATHS - 1


def test_what_does_not_even_start_ends_in_one_too() -> None:
    mortal = Mortal(fails=OSError("no room left"))
    mortal.status = -9
    for _ in range(MOST_DEATHS - 1):
        mortal.look()
    with pytest.raises(ChildFailed, match=r"did not start \(no room left\), 8 times"):
        mortal.look()


def test_deaths_of_what_was_steady_in_between_do_not_add_up() -> None:
    mortal = Mortal()
    for _ in range(3 * MOST_DEATHS):
        mortal.part.started_at -= STEADY_SECONDS
        mortal.status = -9
        mortal.look()
        mortal.look()
    assert mortal.part.deaths == 1
