"""When an e-mail is tried again, or that it is given up: ten tries within a day. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from app.mail.smtp_result import SmtpResult

#: The wait after each try that may be made again, 23 h 51 min in all.
DELAYS = tuple(timedelta(minutes=each) for each in (1, 5, 15, 30, 60, 120, 240, 480, 480))


@dataclass(frozen=True)
class MailRetry:
    """What becomes of an e-mail: it ended as `end`, or is due again after `due_in`; `error` is the last failure."""

    end: Literal["sent", "failed"] | None
    due_in: timedelta | None
    error: str | None


def is_too_late(now: datetime, not_after: datetime | None) -> bool:
    """True if there is no use in sending any more."""
    return not_after is not None and now >= not_after


def after(outcome: SmtpResult, *, made: int, now: datetime, not_after: datetime | None) -> MailRetry:
    """What follows a try; `made` counts it, from 1."""
    if outcome.what == "sent":
        return MailRetry("sent", None, None)
    if outcome.what == "never" or made > len(DELAYS):
        return MailRetry("failed", None, outcome.sentence)
    due_in = DELAYS[made - 1]
    if is_too_late(now + due_in, not_after):
        return MailRetry("failed", None, outcome.sentence)
    return MailRetry(None, due_in, outcome.sentence)
