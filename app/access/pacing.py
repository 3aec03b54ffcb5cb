"""Pacing of access: limits of attempts, waiting times, and the time of the next round. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

#: Maximum number of attempts to share or remove an asset until a person acts.
MOST_TRIES = 8
#: Maximum number of attempts that the platform accepts without effect.
MOST_ACCEPTED = 2
#: Maximum number of attempts to share again in a lower role after the removal.
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
#: A status that changes by time alone is written no earlier than this after the round before.
_SHORTEST = timedelta(seconds=0.2)


@dataclass(frozen=True)
class NextRound:
    """Time of the next observation of a row of the reconciler.

    pace: at once (`now`), with growing pauses (`soon`), from time to time (`watch`), or only after a person acts
    (`never`).
    looks: rounds in a row without a change; setbacks: failures of the platform in a row. None: the row does not count
    them.
    delay: seconds for which the platform must not be called. until: times at which something changes by itself.
    """

    pace: Literal["now", "soon", "watch", "never"]
    looks: int | None = None
    setbacks: int | None = None
    delay: float | None = None
    until: Sequence[datetime] = ()

    @property
    def counters(self) -> dict[str, int]:
        """Columns of the row that count."""
        every = {"looks": self.looks, "setbacks": self.setbacks}
        return {name: number for name, number in every.items() if number is not None}

    def delayed(self, delay: float, setbacks: int) -> "NextRound":
        """The same after one more setback."""
        return replace(self, delay=delay, setbacks=None if self.setbacks is None else setbacks + 1)

    def pause(self, now: datetime, *, watch: timedelta, spread: float) -> timedelta | None:
        """Time until the row is due; None if only an action makes it due. `spread` is a factor around 1."""
        pause = self._pause(watch * spread, spread)
        ahead = [max(moment - now, _SHORTEST) for moment in self.until]
        return min(ahead if pause is None else [pause, *ahead], default=None)

    def _pause(self, watch: timedelta, spread: float) -> timedelta | None:
        if self.delay is not None:
            return max(after_limit(self.setbacks or 1), timedelta(seconds=self.delay))
        if self.pace == "soon":
            return next_look(self.looks or 0) * spread
        return {"now": timedelta(0), "watch": watch, "never": None}[self.pace]


def next_look(looks: int) -> timedelta:
    """Pause after the given number of rounds without a change; at most an hour."""
    return timedelta(seconds=_LOOKS[looks] if looks < len(_LOOKS) else 3600)


def after_limit(setbacks: int) -> timedelta:
    """Pause after the platform refused a call as too frequent this many times in a row: 1 s, 5 s, 30 s, 5 min.

    https://business-api.tiktok.com/portal/docs?id=1740029171730433 asks for a second, and five minutes for the
    quota of a minute; the answer does not show which of them was exceeded.
    """
    return timedelta(seconds=_SETBACKS[min(max(setbacks, 1), len(_SETBACKS)) - 1])
