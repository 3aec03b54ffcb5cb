"""Result of a send attempt: sent, retry, or failed. Pure."""

import re
from dataclasses import dataclass
from typing import Literal

from app.mail import addresses

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
    """Classification and its sentence; `detail` is for the operator."""

    what: Literal["sent", "later", "never"]
    sentence: str | None = None
    detail: str | None = None


ACCEPTED = SmtpReply(True)
SENT = SmtpResult("sent")
OFF = SmtpResult("later", "Sending e-mails is switched off in this installation.", "KEYTURN_SMTP_URL is not set.")
KEY_MISSING = SmtpResult(
    "later", "This installation cannot open what it has written.", "A key is missing in KEYTURN_SECRET_KEYS."
)
TOO_LATE = SmtpResult("never", "There was no use in sending it any more: its time was over.")


def judge(answer: SmtpReply) -> SmtpResult:
    """Classify a reply. A permanent refusal counts only if it is about the message: wrong settings can be fixed within
    a day.
    """
    if answer.accepted:
        return SENT
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


def _quoted(text: str) -> str:
    plain = _SECRETS.sub("…", addresses.one_line(text))
    return (plain if len(plain) <= _MOST else plain[: _MOST - 1] + "…").rstrip(". ")
