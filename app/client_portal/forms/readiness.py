"""Parsing of the client's answers to readiness checks. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.access.readiness.checks import ANSWERS, ReadinessReply
from app.client_portal.forms.contacts import Fields

NOTE = "payment-note"
BY = "by"


@dataclass(frozen=True)
class ReadinessForm:
    """The words, who says so, and sentences by field for what is missing."""

    words: Mapping[str, ReadinessReply]
    by: str
    problems: Mapping[str, str]
    #: what was typed of a plan, to be shown again whichever answer is ticked
    note: str = ""


def read(form: Fields, asked: Iterable[str]) -> ReadinessForm:
    """The answers to what was asked; silence is no answer. A plan needs to be told, and a word needs a name."""
    note = form.text(NOTE, most=500)
    answers = {key: form.text(key) for key in asked}
    words = {
        key: ReadinessReply(answer, note if answer == "plan" else "")
        for key, answer in answers.items()
        if answer in ANSWERS.get(key, ())
    }
    by, problems = form.line(BY, most=120), {}
    if "payment" in words and words["payment"].answer == "plan" and not note:
        problems[NOTE] = "Write who pays, and who gets the invoices."
    if words and not by:
        problems[BY] = "Enter your name, so that everybody knows who said so."
    return ReadinessForm(words, by, problems, note)
