"""Retry policy of e-mails: ten attempts within a day. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from app.mail.smtp_result import SmtpResult

#: The wait after each retryable attempt, 23 h 51 min in total.
DELAYS = tuple(timedelta(minutes=each) for each in (1, 5, 15, 30, 60, 120, 240, 480, 480))


@dataclass(frozen=True)
class MailRetry:
    """Next step of an e-mail: it ended as `end`, or is due again after `due_in`; `error` is the last failure."""

    end: Literal["sent", "failed"] | None
    due_in: timedelta | None
    error: str | None


def is_too_late(now: datetime, not_after: datetime | None) -> bool:
    """True if the e-mail has expired."""
    return not_after is not None and now >= not_after


def after(outcome: SmtpResult, *, made: int, now: datetime, not_after: datetime | None) -> MailRetry:
    """The next step after an attempt; `made` counts attempts, from 1."""
    if outcome.what == "sent":
        return MailRetry("sent", None, None)
    if outcome.what == "never" or made > len(DELAYS):
        return MailRetry("failed", None, outcome.sentence)
    due_in = DELAYS[made - 1]
    if is_too_late(now + due_in, not_after):
        return MailRetry("failed", None, outcome.sentence)
    return MailRetry(None, due_in, outcome.sentence)
