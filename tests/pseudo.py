"""Reading of pages and e-mails in the pseudo-locale: what in them did not come from the catalogue."""

import re
from collections.abc import Iterable

#: Addresses of pages, people and files, codes, ids, and commands: the same in every language.
_CODES = re.compile(
    r"""https?://\S+ | [\w.+-]+@[\w.-]+ | [\w-]+\.(?:pdf|example|com)\b | \S+•+\S*  # the last: an address half hidden
    | \b[a-z]+_[0-9a-hjkmnp-tv-z]{26}\b | \b[A-Z0-9]{20}\b | \b[A-Z]+\d[A-Z\d]*\b | \bact_\d+ | \baadvid=
    | \bkeyturn(?:\ [a-z-]+)*\b | \b[a-z]+\.[a-z_.]+\b | \{\w+\}
    | \bUTC\b | \b[A-Z][a-z]+/[A-Z][a-z]+\b  # time zones
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"[A-Za-z]{2,}")
#: The product and the platforms; the names of languages in themselves.
NAMES = ("Keyturn", "TikTok", "Meta Business", "English", "Pseudo", "Safari", "Chrome")


def unmarked(found: Iterable[str], given: Iterable[str] = ()) -> list[str]:
    """Texts with words that no catalogue or content file marked. `given`: names and texts of the test itself."""
    known = sorted({*NAMES, *given}, key=len, reverse=True)
    return [text for text in found if _WORD.search(_without(text, known))]


def _without(text: str, known: Iterable[str]) -> str:
    for each in known:
        text = text.replace(each, "")
    return _CODES.sub("", text)
