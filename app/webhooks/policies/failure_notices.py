"""Times of the notices about a failing endpoint, and of its end. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

#: How long after the first failure: the notice, and the reminders.
NOTICES = (timedelta(minutes=10), timedelta(hours=24), timedelta(hours=72), timedelta(hours=96))
#: Only failures for that long, so many of them, so far apart, and a delivery that was given up.
DISABLE_AFTER = timedelta(hours=120)
LEAST_ATTEMPTS = 20
LEAST_SPREAD = timedelta(hours=24)
LEAST_EXHAUSTED = 1


@dataclass(frozen=True)
class Failing:
    """Failures of an endpoint since its last success. `notices`: how many of `NOTICES` have passed."""

    since: datetime
    last_failed_at: datetime
    failed_attempts: int
    exhausted: int
    notices: int

    @property
    def spread(self) -> timedelta:
        """Time between its first and its last failure."""
        return self.last_failed_at - self.since


@dataclass(frozen=True)
class FailureStep:
    """Next step. `notices` have passed afterwards: those that could not be sent in time are left out."""

    do: Literal["nothing", "tell", "disable"]
    notices: int


def step(failing: Failing, now: datetime) -> FailureStep:
    """Next step for an endpoint of which all attempts failed."""
    if _is_hopeless(failing, now):
        return FailureStep("disable", failing.notices)
    passed = _passed(failing, now, NOTICES)
    return FailureStep("tell", passed) if passed > failing.notices else FailureStep("nothing", failing.notices)


def _passed(failing: Failing, now: datetime, notices: Sequence[timedelta]) -> int:
    if failing.spread < notices[0]:  # one bad moment, however long ago, is not "only failures for ten minutes"
        return 0
    return sum(now - failing.since >= wait for wait in notices)


def _is_hopeless(failing: Failing, now: datetime) -> bool:
    return (
        now - failing.since >= DISABLE_AFTER
        and failing.failed_attempts >= LEAST_ATTEMPTS
        and failing.spread >= LEAST_SPREAD
        and failing.exhausted >= LEAST_EXHAUSTED
    )
