"""How patient access is with a platform: values only. Pure."""

from dataclasses import dataclass
from datetime import timedelta

#: How often one thing is shared or taken away until a person looks into it.
MOST_TRIES = 8
#: How often what the platform accepted is repeated where nothing comes of it.
MOST_ACCEPTED = 2
#: How often a share is tried again where the access was taken away to be given in a lower role.
MOST_REPAIRS = 4


@dataclass(frozen=True)
class RetryTiming:
    """Waiting times before we repeat a write or report a problem.

    settle: an attempt without a clear answer may still take effect within this time.
    accepted: an attempt that the platform accepted may take this long to appear on the client's own list.
    silence: the platform may be unreachable this long before it is reported.
    proof: a successful read counts this long without another read.
    """

    settle: timedelta = timedelta(seconds=30)
    accepted: timedelta = timedelta(minutes=15)
    silence: timedelta = timedelta(hours=1)
    proof: timedelta = timedelta(hours=48)


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
