"""Retry policy of e-mails: classification of the mail server's replies, and ten attempts within a day. Pure."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from app.mail import rendered_email

#: The wait after each retryable attempt, 23 h 51 min in total.
DELAYS = tuple(timedelta(minutes=each) for each in (1, 5, 15, 30, 60, 120, 240, 480, 480))
#: Refusals of the client rather than the message (RFC 4954, RFC 3207).
_ABOUT_US = frozenset({530, 534, 535, 538})
_MOST = 300
#: Filters quote parts of a message in their replies: addresses and long secrets must not be stored with the row.
_SECRETS = re.compile(r"\b\w+://\S+|[A-Za-z0-9_-]{32,}")


@dataclass(frozen=True)
class SmtpReply:
    """The mail server's reply. `code` None: no reply. `about_letter`: about recipient or content, not about
    the client.
    """

    accepted: bool
    code: int | None = None
    text: str = ""
    about_letter: bool = False


@dataclass(frozen=True)
class SmtpResult:
    """Classification and its sentence; `detail` is for the operator: the server's words, or why there are none."""

    what: Literal["sent", "later", "never"]
    sentence: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class MailRetry:
    """Next step of an e-mail: it ended as `end`, or is due again after `due_in`; `error` is the last failure."""

    end: Literal["sent", "failed"] | None
    due_in: timedelta | None
    error: str | None


ACCEPTED = SmtpReply(True)
SENT = SmtpResult("sent")
OFF = SmtpResult("later", "Sending e-mails is switched off in this installation.", "KEYTURN_SMTP_URL is not set.")
KEY_MISSING = SmtpResult(
    "later", "This installation cannot open what it has written.", "A key is missing in KEYTURN_SECRET_KEYS."
)
TOO_LATE = SmtpResult("never", "There was no use in sending it any more: its time was over.")


def classify(answer: SmtpReply) -> SmtpResult:
    """Classify a reply. A permanent refusal counts only if it is about the message: wrong settings can be fixed within
    a day.
    """
    if answer.accepted:
        return replace(SENT, detail=f"{answer.code} {_quoted(answer.text)}") if answer.code else SENT
    if answer.code is None:
        if answer.about_letter:
            return SmtpResult("never", f"It cannot be sent: {_quoted(answer.text)}.")
        return SmtpResult("later", "The mail server could not be reached, or broke off.", _quoted(answer.text))
    said = f"{answer.code} {_quoted(answer.text)}".strip()
    if not answer.about_letter or answer.code in _ABOUT_US:
        return SmtpResult("later", f"The mail server does not take e-mails from this installation: {said}.")
    if answer.code >= 500:
        return SmtpResult("never", f"The mail server refused it: {said}.")
    return SmtpResult("later", f"The mail server put it off: {said}.")


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


def is_too_late(now: datetime, not_after: datetime | None) -> bool:
    """True if the e-mail has expired."""
    return not_after is not None and now >= not_after


def _quoted(text: str) -> str:
    plain = _SECRETS.sub("…", rendered_email.one_line(text))
    return (plain if len(plain) <= _MOST else plain[: _MOST - 1] + "…").rstrip(". ")
