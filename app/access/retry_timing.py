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
