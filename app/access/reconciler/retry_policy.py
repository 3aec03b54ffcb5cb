"""When to look again: soon at first, then ever more rarely, for as long as the link lives. Pure."""

from datetime import timedelta

_LOOKS = (1, 1, 2, 3, 5, 8, 12, 20, 30, 60, 120, 300, 600, 1800)
_SETBACKS = (1, 5, 30, 300)


def next_look(looks: int) -> timedelta:
    """The pause after the given number of looks without news; at most an hour."""
    return timedelta(seconds=_LOOKS[looks] if looks < len(_LOOKS) else 3600)


def after_limit(setbacks: int) -> timedelta:
    """The pause after the platform said "too often" this many times in a row: 1 s, 5 s, 30 s, 5 min.

    https://business-api.tiktok.com/portal/docs?id=1740029171730433 asks for a second, and five minutes for the
    quota of a minute; which of them was hit is not told.
    """
    return timedelta(seconds=_SETBACKS[min(max(setbacks, 1), len(_SETBACKS)) - 1])
