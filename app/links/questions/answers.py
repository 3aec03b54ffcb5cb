"""Reading what a client answers to a question of the agency's own. Pure."""

import re
from urllib.parse import urlsplit

from app.kit.input.passwords import SENTENCE, looks_like_password
from app.links.pasted_ids import PastedIds
from app.links.presets.preset import Question

MOST_TEXT, MOST_ADDRESS = 2_000, 500
_HOST = re.compile(r"^(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,}$")


def read(question: Question, given: str) -> PastedIds:
    """The answer as it is kept, `""` for none, or the sentence to show beside it."""
    given = given.strip()
    if not given:
        return PastedIds(problem=_missing(question) if question.required else None)
    if looks_like_password(given):
        return PastedIds(problem=SENTENCE)
    return _READERS[question.kind](question, given)


def _text(_: Question, given: str) -> PastedIds:
    if len(given) > MOST_TEXT:
        return PastedIds(problem=f"Use at most {MOST_TEXT:,} characters here; these are {len(given):,}.")
    return PastedIds((given,))


def _choice(question: Question, given: str) -> PastedIds:
    if given not in question.choices:
        return PastedIds(problem=_missing(question))
    return PastedIds((given,))


def _address(_: Question, given: str) -> PastedIds:
    if len(given) > MOST_ADDRESS:
        return PastedIds(problem=f"Use at most {MOST_ADDRESS} characters here; these are {len(given):,}.")
    whole = given if "://" in given else f"https://{given}"
    try:
        parts = urlsplit(whole)
        host = parts.hostname or ""
    except ValueError:
        return PastedIds(problem=_WRONG_ADDRESS)
    if parts.username or parts.password:
        return PastedIds(problem=SENTENCE)
    if parts.scheme.lower() not in ("http", "https") or not _HOST.fullmatch(host) or re.search(r"\s", whole):
        return PastedIds(problem=_WRONG_ADDRESS)
    return PastedIds((whole,))


def _missing(question: Question) -> str:
    return _MISSING[question.kind].format(label=question.label)


_READERS = {"text": _text, "choice": _choice, "address": _address}
_WRONG_ADDRESS = "This is not the address of a website: enter one such as https://www.brand.com."
_MISSING = {
    "text": "Please answer: {label}",
    "choice": "Choose one: {label}",
    "address": "Enter the address of the website, such as https://www.brand.com.",
    "file": "Add a file: {label}",
}
