"""TikTok's numeric permissions (https://business-api.tiktok.com/portal/docs?id=1753986142651394). Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Permission:
    """A permission by its name in My Apps, the permissions that include it, and the effect of its absence in one
    sentence.
    """

    name: str
    within: tuple[str, ...]
    cost: str


READ_ACCOUNTS, READ_CENTERS, ASSETS, PARTNERS, MEMBERS = "100", "150", "153", "155", "156"
CHANGE_LOG, READ_PIXELS, PIXEL_REPORTS = "230", "800", "802"

#: All permissions that Keyturn can use. A permission higher in the tree includes those below it.
COSTS: Mapping[str, Permission] = {
    READ_ACCOUNTS: Permission(
        "Ad Account Management > Ad Account Information > Read Ad Account Information", ("10", "1"),
        "Nobody can connect: Keyturn cannot see which ad accounts a client included.",
    ),
    READ_CENTERS: Permission(
        "Ad Account Management > Business Center > Read Business Center", ("15", "1"),
        "Nobody can connect: Keyturn cannot see the client’s Business Centers.",
    ),
    ASSETS: Permission(
        "Ad Account Management > Business Center > Business Center Asset", ("15", "1"),
        "Nobody can connect: Keyturn cannot list ad accounts and pixels, link pixels, or assign accounts to buyers.",
    ),
    PARTNERS: Permission(
        "Ad Account Management > Business Center > Business Center Partner Management", ("15", "1"),
        "Keyturn cannot share ad accounts, remove access, or verify anything that is shared.",
    ),
    MEMBERS: Permission(
        "Ad Account Management > Business Center > Business Center Member Management", ("15", "1"),
        "Keyturn cannot invite, verify or remove people: access requests for people become unverified guided steps.",
    ),
    CHANGE_LOG: Permission(
        "Change Log > Change Log", ("23",),
        "If somebody changes access at TikTok, Keyturn reports the change, but not who made it and when.",
    ),
    READ_PIXELS: Permission(
        "Read Pixels", ("80", "8"),
        "A pixel can be verified only from the client’s side, and only while the client is connected.",
    ),
    PIXEL_REPORTS: Permission(
        "Pixel Level Reporting", ("80", "8"),
        "Keyturn cannot tell whether a pixel receives events.",
    ),
}  # fmt: skip

#: Permissions needed to connect and to list the assets to choose from.
_ALWAYS = (READ_ACCOUNTS, READ_CENTERS, ASSETS)
#: Further permissions for access requests of each kind. A pixel is linked with ASSETS and needs a shared ad account.
_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "ad_account": (PARTNERS,),
    "pixel": (PARTNERS,),
    "catalog": (PARTNERS,),
    "person": (MEMBERS,),
}
#: Permissions for optional functions.
_FOR: Mapping[str, tuple[str, ...]] = {
    "pixels": (READ_PIXELS,),
    "events": (
        READ_PIXELS,
        PIXEL_REPORTS,
    ),  # reports identify a pixel by its number, which only the pixel list contains
    "members": (MEMBERS,),
    "changes": (CHANGE_LOG,),
}


def missing(granted: Iterable[str], kinds: Sequence[str]) -> tuple[str, ...]:
    """Names of the permissions that access requests of these kinds need and that are not granted."""
    given = frozenset(granted)
    needed = dict.fromkeys([*_ALWAYS, *(each for kind in kinds for each in _OF_KIND[kind])])
    return tuple(COSTS[each].name for each in needed if not _has(given, each))


def may(granted: Iterable[str], what: str) -> bool:
    """True if a token may read pixels, count events, see members, or read the change log."""
    given = frozenset(granted)
    return all(_has(given, each) for each in _FOR[what])


def lacking(granted: Iterable[str]) -> tuple[Permission, ...]:
    """All permissions that Keyturn could use and does not have, each with the effect."""
    given = frozenset(granted)
    return tuple(permission for each, permission in COSTS.items() if not _has(given, each))


def needed_by(name: str) -> tuple[str, ...]:
    """The kinds of access requests that need a permission, by its name."""
    return tuple(kind for kind, own in _OF_KIND.items() if name in {COSTS[each].name for each in (*_ALWAYS, *own)})


def named_in(message: str) -> tuple[str, ...]:
    """The permissions that a refusal names, by their names in My Apps; it may name one by number."""
    text = " ".join(message.casefold().split())
    numbers = set(re.findall(r"permissions? (?:id )?\[?'?(\d+)", text))
    return tuple(
        permission.name
        for number, permission in COSTS.items()
        if number in numbers or permission.name.rpartition(" > ")[2].casefold() in text
    )


def _has(given: frozenset[str], permission: str) -> bool:
    return permission in given or not given.isdisjoint(COSTS[permission].within)
