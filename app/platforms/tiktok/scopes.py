"""TikTok's numeric permissions (https://business-api.tiktok.com/portal/docs?id=1753986142651394)."""

from collections.abc import Iterable

#: What the handshake for ad accounts needs.
NEEDED: dict[int, str] = {
    100: "Ad Account Management > Ad Account Information > Read Ad Account Information",
    150: "Ad Account Management > Business Center > Read Business Center",
    153: "Ad Account Management > Business Center > Business Center Asset",
    155: "Ad Account Management > Business Center > Business Center Partner Management",
}

#: A permission higher up includes those below it.
_ANCESTORS: dict[int, tuple[int, ...]] = {100: (10, 1), 150: (15, 1), 153: (15, 1), 155: (15, 1)}


def missing(granted: Iterable[int]) -> tuple[str, ...]:
    """The names of needed permissions that are neither granted nor included in one that is."""
    given = set(granted)
    return tuple(name for scope, name in NEEDED.items() if scope not in given and not given & set(_ANCESTORS[scope]))
