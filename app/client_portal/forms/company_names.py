"""Comparison of company names, to ask the client only if two names have nothing in common. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher

from app.platforms import declarations

#: Common words in company names that do not distinguish companies. Those in names of platforms do not either.
_COMMON = frozenset({
    "ab", "ag", "ads", "advertising", "agency", "and", "aps", "as", "asa", "bc", "bv", "by", "business",
    "center", "co", "com", "company", "corp", "corporation", "de", "der", "des", "di", "die", "digital", "du",
    "e", "el", "et", "eu", "europe", "france", "gbr", "germany", "global", "gmbh", "group", "groupe", "gruppe",
    "holding", "holdings", "inc", "international", "italia", "kft", "kg", "la", "le", "les", "limited", "llc",
    "llp", "lp", "ltd", "ltda", "marketing", "media", "mbh", "nv", "official", "og", "oy", "plc", "pty", "pte",
    "sa", "sarl", "sas", "sasu", "se", "shop", "sl", "sla", "slu", "spa", "sp", "srl", "store", "studio", "sro",
    "the", "ua", "ug", "uk", "und", "us", "usa", "zoo",
})  # fmt: skip
#: Similarity from which two different words count as spellings of one.
_ALIKE = 0.8
_WORD = re.compile(r"[^\W_]+")


def may_be_one(known: Iterable[str], seen: Iterable[str]) -> bool:
    """True if a name of one side may be a name of the other, or if one side has no distinctive name."""
    ours = [words for name in known if _distinctive(words := _words(name))]
    theirs = [words for name in seen if _distinctive(words := _words(name))]
    if not ours or not theirs:
        return True
    return any(_alike(one, other) for one in ours for other in theirs)


def _words(name: str) -> tuple[str, ...]:
    apart = unicodedata.normalize("NFKD", name).casefold()
    return tuple(_WORD.findall("".join(letter for letter in apart if not unicodedata.combining(letter))))


def _distinctive(words: Iterable[str]) -> tuple[str, ...]:
    common = _COMMON.union(*(_words(declared.name) for declared in declarations.every().values()))
    return tuple(word for word in words if word not in common and len(word) > 1 and not word.isdecimal())


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """A word in common or nearly so, one inside the other when written together, or the first letters of the other."""
    ours, theirs = _distinctive(one), _distinctive(other)
    if any(SequenceMatcher(None, a, b).ratio() >= _ALIKE for a in ours for b in theirs):
        return True
    together, others = "".join(ours), "".join(theirs)
    if together in others or others in together:
        return True
    return together == _initials(other) or others == _initials(one)


def _initials(words: tuple[str, ...]) -> str:
    return "".join(word[0] for word in words)
