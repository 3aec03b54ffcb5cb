"""Reading what a client types or pastes: an id, a list of ids, or a whole address."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from babel import Locale

_ID = re.compile(r"^\d{5,20}$")
_PIXEL = re.compile(r"^[A-Z0-9]{20}$")
_BETWEEN = re.compile(r"[\s,;]+")
#: Names under which TikTok's own pages carry ids in their addresses.
_BC_NAMES = ("org_id", "bc_id", "orgId", "bcId")
_ADVERTISER_NAMES = ("aadvid", "advertiser_id", "advertiserId", "account_id")
_CATALOG_NAMES = ("catalog_id", "catalogId")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$")

CONTACT_ROLES = {
    "approver": "Who can approve access and posts",
    "billing": "Who looks after billing",
    "technical": "Who looks after the website and pixel",
}
MAX_ASSETS = 50


@dataclass(frozen=True)
class Read:
    """What was understood of a field, and the sentence to show beside it if something was not."""

    values: tuple[str, ...] = ()
    problem: str | None = None


def business_center(text: str, *, agency_bc_ids: Iterable[str]) -> Read:
    """One Business Center ID from an id or a pasted address."""
    found = _ids(_joined(text), _BC_NAMES)
    if not text.strip():
        return Read(problem="Enter your Business Center ID. It has digits only.")
    if found.problem or len(found.values) != 1:
        return Read(problem=_no_id("Business Center ID", text, len(found.values)))
    if found.values[0] in set(agency_bc_ids):
        return Read(
            problem="This is the agency's Business Center ID. Enter your own: in TikTok Business Center, open the "
            "account menu at the top right."
        )
    return found


def _joined(text: str) -> str:
    """One number written in groups, such as 7111 2222 3333 4444 555, without its spaces."""
    groups = text.split()
    together = "".join(groups)
    in_groups = len(groups) > 1 and all(group.isdecimal() and len(group) <= 4 for group in groups)
    return together if in_groups and _ID.match(together) else text


def ad_accounts(text: str) -> Read:
    """Ad account ids from a list, lines or pasted addresses; each once, in the order given, at most 50."""
    found = _ids(text, _ADVERTISER_NAMES)
    if not text.strip():
        return Read(problem="Enter at least one ad account ID. It has digits only.")
    if found.problem:
        return Read(
            found.values,
            problem=f"“{_short(found.problem)}” is not an ad account ID: those have digits only.",
        )
    if len(found.values) > MAX_ASSETS:
        return Read(found.values, problem=f"Enter at most {MAX_ASSETS} ad accounts here.")
    return found


def pixels(text: str) -> Read:
    """Pixel codes (20 letters and digits, as Events Manager shows them); none is fine."""
    values: list[str] = []
    for part in filter(None, _BETWEEN.split(text.strip())):
        code = part.upper()
        if not _PIXEL.match(code):
            return Read(
                tuple(values),
                problem=f"“{_short(part)}” is not a pixel ID: Events Manager shows it as 20 letters and digits, "
                "for example C4ABCDEFGH77U7QBTM10. You can also leave this empty.",
            )
        values.append(code)
    return Read(tuple(dict.fromkeys(values)))


def catalogs(text: str) -> Read:
    """Catalog ids from a list, lines or pasted addresses, each once; none is fine."""
    found = _ids(text, _CATALOG_NAMES)
    if found.problem:
        return Read(found.values, problem=f"“{_short(found.problem)}” is not a catalog ID: those have digits only.")
    return found


def markets(chosen: Iterable[str]) -> Read:
    """Country codes (ISO 3166 alpha-2); at least one."""
    values = tuple(dict.fromkeys(code.upper() for code in chosen if code.strip()))
    if not values:
        return Read(problem="Choose at least one country where you want to advertise.")
    known = countries("en")
    for code in values:
        if code not in known:
            return Read(values, problem=f"“{_short(code)}” is not a country code we know.")
    return Read(values)


def countries(language: str) -> dict[str, str]:
    """Country codes with their names in a language, sorted by name."""
    names = Locale.parse(language, sep="-").territories
    known = {
        code: str(name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in _NOT_STATES
    }
    return dict(sorted(known.items(), key=lambda pair: pair[1]))


_NOT_STATES = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO", "AC", "CP", "CQ", "DG", "TA"})


def contact(name: str, email: str, *, needed: bool) -> dict[str, str]:
    """The problems of one contact by field; `{}` when it can be kept. Both empty is fine unless needed."""
    name, email = name.strip(), email.strip()
    if not name and not email and not needed:
        return {}
    problems = {}
    if not name:
        problems["name"] = "Enter a name."
    if not _EMAIL.match(email):
        problems["email"] = "Enter an e-mail address such as ana@brand.com."
    return problems


def _ids(text: str, names: tuple[str, ...]) -> Read:
    values: list[str] = []
    for part in filter(None, _BETWEEN.split(text.strip())):
        taken = _from_address(part, names) if "://" in part or "?" in part else part
        if not taken or not _ID.match(taken):
            return Read(tuple(values), problem=part)
        values.append(taken)
    return Read(tuple(dict.fromkeys(values)))


def _from_address(address: str, names: tuple[str, ...]) -> str | None:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    query = parse_qs(parts.query) | parse_qs(urlsplit(parts.fragment).query)
    return next((query[name][0] for name in names if name in query), None)


def _no_id(what: str, text: str, count: int) -> str:
    if count > 1:
        return f"Enter one {what}; these are {count}."
    if "://" in text:
        return f"We found no {what} in this address. Paste the number itself; it has digits only."
    return f"“{_short(text.strip())}” is not a {what}: it has 5 to 20 digits and no letters."


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
