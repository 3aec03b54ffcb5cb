"""TikTok's ids in any pasted text: a row, a list, a URL, a sentence. Pure.

An id is a run of 15 to 20 digits: most have 19, old ones 16 to 19. Digits of every script count, invisible
characters do not, and a number may be written in groups. A pixel code is 20 letters and digits beginning with C, as in
Events Manager.
"""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

import phonenumbers

from app.kit.i18n.message import Message, _, _n
from app.kit.input.text import TypedWrong, folded, short

FEWEST, MOST = 15, 20
EXAMPLE_CODE = "C4ABCDEFGH77U7QBTM10"
#: Spreadsheets keep this many digits of a number and write zeros for the rest.
SPREADSHEET_DIGITS = 15
#: Longer input is not a list of ids.
LONGEST = 20_000


@dataclass(frozen=True)
class Sort:
    """A kind of id: the URL parameters of the platform that contain it, and the sentence if another kind is needed."""

    names: tuple[str, ...]
    is_other: Message


BUSINESS_CENTER = Sort(
    ("org_id", "orgid", "bc_id", "bcid", "business_center_id"),
    _("{number} is a Business Center ID in this address; enter the ID that is asked for here."),
)
AD_ACCOUNT = Sort(
    ("aadvid", "advertiser_id", "advertiserid", "account_id", "adv_id"),
    _("{number} is an ad account ID in this address; enter the ID that is asked for here."),
)
CATALOG = Sort(
    ("catalog_id", "catalogid"),
    _("{number} is a catalog ID in this address; enter the ID that is asked for here."),
)
SORTS = (BUSINESS_CENTER, AD_ACCOUNT, CATALOG)


class NoId(TypedWrong):
    """The text contains no such id."""


_RUN = re.compile(r"\d+")
_NAMED = {
    sort.names: re.compile(rf"(?<![a-z])(?:{'|'.join(sort.names)})[\"']?\s*[=:/]\s*[\"']?(\d+)", re.IGNORECASE)
    for sort in SORTS
}
#: Separators between the groups of a number: a space, a thousands separator, a dash.
_GROUPED = re.compile(r"(?<![\d.,])\d{1,7}([ \t,.'’_·\-‐‑‒–—−٬])\d{1,7}(?:\1\d{1,7})+(?!\d)")
_SHORTENED = re.compile(r"\b\d[.,]\d+e\s*\+?\s*\d{1,2}\b", re.IGNORECASE)
_ADDRESS = re.compile(r"\S*(?:://|[?&])\S*")
_CODE = re.compile(r"(?<![a-z0-9])c[a-z0-9]{19}(?![a-z0-9])", re.IGNORECASE)


def of(sort: Sort) -> Callable[[str], tuple[str, ...]]:
    """A reader of the ids of one kind, as `every`."""
    return lambda text: every(text, sort)


def every(text: str, sort: Sort) -> tuple[str, ...]:
    """All ids in a text, each once, in order. Raises TypedWrong, and NoId if there is none."""
    plain = _plain(text)
    others = {value: each for each in SORTS if each is not sort for value in _named(plain, each)}
    bare = _ADDRESS.sub(lambda address: "\n".join(_named(address[0], sort)) or address[0], plain)
    found = tuple(value for value in dict.fromkeys(_numbers(bare)) if value not in others)
    if not found and others:
        value, other = next(iter(others.items()))
        raise NoId(other.is_other.fill(number=value))
    if not found:
        raise NoId(_why_none(plain, text))
    _refuse_spoilt(_ADDRESS.sub(" ", plain))
    return found


def pixel_codes(text: str) -> tuple[str, ...]:
    """All pixel codes in a text, each once, in capitals; none for an empty text. Raises TypedWrong."""
    plain = _plain(text)
    found = tuple(dict.fromkeys(code.upper() for code in _CODE.findall(plain) if any(map(str.isdigit, code))))
    if found or not plain.strip():
        return found
    if number := next(iter(_numbers(plain)), None):
        raise NoId(
            _(
                "{number} is the number TikTok’s API uses. Enter the code that stands beside it in Events Manager: "
                "20 letters and digits, for example {example}.",
                number=number,
                example=EXAMPLE_CODE,
            )
        )
    raise NoId(
        _(
            "“{text}” is not a pixel ID: Events Manager shows it as 20 letters and digits, for example {example}. "
            "You can also leave this empty.",
            text=short(text.strip()),
            example=EXAMPLE_CODE,
        )
    )


def is_rounded(value: str) -> bool:
    """True if a number ends as if a spreadsheet had rounded it."""
    return len(value) > 17 and value.endswith("0" * (len(value) - SPREADSHEET_DIGITS))


def _refuse_spoilt(plain: str) -> None:
    """Raise TypedWrong for numbers outside of URLs that ran together or were rounded by a spreadsheet."""
    for value in _RUN.findall(plain):
        if len(value) > MOST:
            raise TypedWrong(
                _n(
                    "“{number}” has {count} digit: put each number on a line of its own.",
                    "“{number}” has {count} digits: put each number on a line of its own.",
                    len(value),
                    number=short(value),
                )
            )
        if is_rounded(value):
            raise TypedWrong(
                _(
                    "{number} ends in {zeros}, as spreadsheets leave long numbers. Copy it again from TikTok; if it "
                    "really ends so, paste the address of the page it stands on.",
                    number=value,
                    zeros="0" * (len(value) - SPREADSHEET_DIGITS),
                )
            )


def _plain(text: str) -> str:
    """The text folded, with URL and HTML escapes decoded."""
    plain = folded(text[:LONGEST])
    for _round in range(3):
        opened = folded(unquote(html.unescape(plain)))
        if opened == plain:
            break
        plain = opened
    return plain


def _named(plain: str, sort: Sort) -> tuple[str, ...]:
    fits = (value for value in _NAMED[sort.names].findall(plain) if FEWEST <= len(value) <= MOST)
    return tuple(dict.fromkeys(fits))


def _numbers(plain: str) -> Iterator[str]:
    """Numbers of 15 to 20 digits with their positions, including those in groups."""
    at = 0
    groups = [(found.start(), found.end(), found[0]) for found in _GROUPED.finditer(plain)]
    whole = [(found.start(), found.end(), found[0]) for found in _RUN.finditer(plain) if len(found[0]) >= FEWEST]
    for start, end, written in sorted([*groups, *whole]):
        if start < at:
            continue
        for value in _of_groups(written) if not written.isdigit() else [written]:
            if FEWEST <= len(value) <= MOST:
                at = end
                yield value


def _of_groups(written: str) -> list[str]:
    """One number in groups, or several numbers in a row with the same grouping; empty if neither."""
    sign = next(each for each in written if not each.isdigit())
    groups = written.split(sign)
    whole = "".join(groups)
    if len(groups) > 2 and len(whole) > 19 and len("".join(groups[1:])) == 19:  # the number of a row before it
        return ["".join(groups[1:])]
    if FEWEST <= len(whole) <= MOST:
        return [whole]
    each, rows = "", []
    for group in groups:
        each += group
        if len(group) < 4 and len(each) >= FEWEST:
            rows.append(each)
            each = ""
    return rows if not each and all(FEWEST <= len(row) <= MOST for row in rows) else []


def _why_none(plain: str, text: str) -> Message:
    if _SHORTENED.search(plain):
        return _(
            "Your spreadsheet shortened this number, so digits are missing. Copy it from TikTok itself, or format the "
            "cell as text."
        )
    if "://" in plain:
        return _("We found no ID in this address. Paste the number itself; it has digits only.")
    run = max(_RUN.findall(plain), key=len, default="")
    count = len(re.sub(r"\D", "", plain)) if not re.search(r"[^\W\d_]", plain) else len(run)
    if count > MOST:
        return _n(
            "This has {count} digit, more than any ID. Enter it alone, or put each number on its own line.",
            "This has {count} digits, more than any ID. Enter it alone, or put each number on its own line.",
            count,
        )
    if _is_phone(plain):
        return _("This looks like a phone number. The ID is longer: 19 digits, as TikTok shows it.")
    if count >= 5 and (not re.search(r"[^\W\d_]", plain) or len(run) >= 5):
        return _(
            "“{text}” is shorter than any ID: those have about 19 digits. Was it cut off?", text=short(text.strip())
        )
    return _("“{text}” is not an ID: it has about 19 digits and no letters.", text=short(text.strip()))


def _is_phone(plain: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(plain.strip()))
    except phonenumbers.NumberParseException:
        return False
