"""When an e-mail is tried again, or that it is given up: ten tries within a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from app.mail.outcome import Outcome

#: The wait after each try that may be made again, 23 h 51 min in all.
DELAYS = tuple(timedelta(minutes=each) for each in (1, 5, 15, 30, 60, 120, 240, 480, 480))


@dataclass(frozen=True)
class Step:
    """What becomes of an e-mail: it ended as `end`, or is due again after `due_in`; `error` is the last failure."""

    end: Literal["sent", "failed"] | None
    due_in: timedelta | None
    error: str | None


def is_too_late(now: datetime, not_after: datetime | None) -> bool:
    """Whether there is no use in sending any more."""
    return not_after is not None and now >= not_after


def after(outcome: Outcome, *, made: int, now: datetime, not_after: datetime | None) -> Step:
    """What follows a try; `made` counts it, from 1."""
    if outcome.what == "sent":
        return Step("sent", None, None)
    if outcome.what == "never" or made > len(DELAYS):
        return Step("failed", None, outcome.sentence)
    due_in = DELAYS[made - 1]
    if is_too_late(now + due_in, not_after):
        return Step("failed", None, outcome.sentence)
    return Step(None, due_in, outcome.sentence)
