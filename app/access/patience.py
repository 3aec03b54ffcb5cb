"""How patient access is with a platform: values only."""

from dataclasses import dataclass
from datetime import timedelta

#: How often one asset is shared until a person looks into it.
MOST_TRIES = 8

#: How far back a pixel's events are counted: TikTok counts whole days, and shows them hours late.
EVENTS_WITHIN = timedelta(days=2)


@dataclass(frozen=True)
class Patience:
    """How long we wait before repeating a write.

    settle: an attempt without a clear answer may still show up until then.
    accepted: an attempt the platform recorded may take this long to show on the client's own list.
    """

    settle: timedelta = timedelta(seconds=30)
    accepted: timedelta = timedelta(minutes=15)
