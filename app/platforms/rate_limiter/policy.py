"""When a call may go: the calls granted so far and a moment in, a grant out. Pure; every time is in ms of one clock.

Pure.
"""

from bisect import bisect_right, insort
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.platforms.port import Priority

#: A second, and 0.2 s for what happens to a call between its grant and the platform's door.
WINDOW = 1_200
_MINUTE = 60_000
BUCKET = 2_000
#: Any sixty seconds touch at most so many buckets.
_BUCKETS = _MINUTE // BUCKET + 1
#: How many quarters of what is allowed each urgency may fill; the rest is for those above it.
QUARTERS = {Priority.LOOKING: 4, Priority.HANDSHAKE: 3, Priority.WATCH: 2}
#: How long a caller of each urgency waits at most.
PATIENCE = {Priority.LOOKING: 10_000, Priority.HANDSHAKE: 5_000, Priority.WATCH: 2_000}
_LONGEST_PATIENCE = max(PATIENCE.values())
#: TikTok does not tell which of its limits was hit: a second, a minute or more.
#: https://business-api.tiktok.com/portal/docs?id=1740029171730433
PAUSES = (1_000, 5_000, 30_000, 300_000)
#: After a setback one call more is allowed for every ten seconds in which calls succeed.
_STEP_UP = 10_000


@dataclass(frozen=True)
class Limits:
    """Calls a second and a minute that one app may make."""

    qps: int
    qpm: int


@dataclass(frozen=True)
class Allowance:
    """What one app has used and may use.

    granted: moments of calls in the last window and to come, sorted. minute: bucket number -> calls granted in it.
    reduced_to: calls a window after a setback, None when all is allowed. setbacks: how often in a row the platform
    said "too often"; limited_at, closed_until: when it last did, and until when nothing goes; raised_at: when
    `reduced_to` last changed.
    """

    granted: tuple[int, ...] = ()
    minute: Mapping[int, int] = field(default_factory=dict)
    reduced_to: int | None = None
    setbacks: int = 0
    limited_at: int = 0
    closed_until: int = 0
    raised_at: int = 0


@dataclass(frozen=True)
class Reservation:
    """A call may go at `at`; it was asked for at `booked`. `reduced`: its success is news for the allowance."""

    at: int
    booked: int
    reduced: bool


@dataclass(frozen=True)
class Later:
    """No call within the caller's patience: it could go in `wait` ms. `limited`: because the platform said so."""

    wait: int
    limited: bool


def take(
    allowance: Allowance, now: int, urgency: Priority, limits: Limits, patience: int, lead: int = 0
) -> tuple[Allowance, Reservation] | Later:
    """The earliest moment at which a call of this urgency may go, if within `patience` ms, and what is then left.

    Not before `lead` ms from now: whoever is slow to act on a grant asks ahead.
    """
    kept = _tidied(allowance, now)
    at = _earliest(kept, max(now + lead, kept.closed_until), urgency, limits)
    if at - now > patience:
        return Later(at - now, limited=kept.closed_until > now)
    granted = list(kept.granted)
    insort(granted, at)
    minute = {**kept.minute, at // BUCKET: kept.minute.get(at // BUCKET, 0) + 1}
    grant = Reservation(at, now, reduced=kept.reduced_to is not None or kept.setbacks > 0)
    return replace(kept, granted=tuple(granted), minute=minute), grant


def limited(allowance: Allowance, now: int, grant: Reservation, limits: Limits) -> Allowance:
    """The platform said "too often" to a granted call: half as many from now on, and a pause for all.

    Calls that were under way when it said so first tell nothing new. Grants of moments to come are void.
    """
    kept = _tidied(allowance, now)
    if grant.at <= kept.limited_at:
        return kept
    return replace(
        kept,
        granted=tuple(at for at in kept.granted if at <= now),
        reduced_to=max(1, _whole(kept, limits) // 2),
        setbacks=kept.setbacks + 1,
        limited_at=now,
        closed_until=now + PAUSES[min(kept.setbacks, len(PAUSES) - 1)],
        raised_at=now,
    )


def succeeded(allowance: Allowance, now: int, grant: Reservation, limits: Limits) -> Allowance:
    """A call went through: pauses begin small again, and the allowance recovers step by step."""
    kept = _tidied(allowance, now)
    if grant.at <= kept.limited_at:
        return kept
    kept = replace(kept, setbacks=0)
    if kept.reduced_to is None or now - kept.raised_at < _STEP_UP:
        return kept
    raised = kept.reduced_to + 1
    return replace(kept, reduced_to=raised if raised < limits.qps else None, raised_at=now)


def is_void(allowance: Allowance, grant: Reservation) -> bool:
    """True if the platform said "too often" after the grant was given: then it counts no more."""
    return allowance.limited_at > grant.booked


def _tidied(allowance: Allowance, now: int) -> Allowance:
    """Without what is past. What lies further ahead than we ever look was written by a clock that was wrong."""
    ahead = now + _LONGEST_PATIENCE
    first, last = now // BUCKET - _BUCKETS, ahead // BUCKET
    return replace(
        allowance,
        granted=tuple(at for at in allowance.granted if now - WINDOW < at <= ahead),
        minute={bucket: count for bucket, count in allowance.minute.items() if first <= bucket <= last},
        closed_until=allowance.closed_until if allowance.closed_until <= now + PAUSES[-1] else 0,
        limited_at=allowance.limited_at if allowance.limited_at <= now else 0,
        raised_at=min(allowance.raised_at, now),
    )


def _whole(allowance: Allowance, limits: Limits) -> int:
    return limits.qps if allowance.reduced_to is None else min(allowance.reduced_to, limits.qps)


def _earliest(allowance: Allowance, start: int, urgency: Priority, limits: Limits) -> int:
    quarters = QUARTERS[urgency]
    in_window = max(1, _whole(allowance, limits) * quarters // 4)
    in_minute = max(1, limits.qpm * quarters // 4)
    while True:
        at = _free_in_window(allowance.granted, start, in_window)
        if _free_in_minute(allowance.minute, at, in_minute):
            return at
        start = (at // BUCKET + 1) * BUCKET


def _free_in_window(granted: tuple[int, ...], start: int, most: int) -> int:
    """A moment becomes free when a call before it leaves the window, so that only these have to be tried."""
    moments = [start, *(at + WINDOW for at in granted if at + WINDOW > start)]
    return next(at for at in moments if _fits(granted, at, most))


def _fits(granted: tuple[int, ...], at: int, most: int) -> bool:
    """Whether, with a call at `at`, no window that holds it holds more than `most`."""
    near = [each for each in granted if at - WINDOW < each < at + WINDOW]
    insort(near, at)
    place = bisect_right(near, at) - 1
    firsts = range(max(0, place - most), min(place, len(near) - 1 - most) + 1)
    return all(near[first + most] - near[first] >= WINDOW for first in firsts)


def _free_in_minute(minute: Mapping[int, int], at: int, most: int) -> bool:
    """The same for sixty seconds, counted in whole buckets: a little too strict, never too lax."""
    if sum(minute.values()) < most:
        return True
    here = at // BUCKET
    around = [minute.get(bucket, 0) for bucket in range(here - _BUCKETS + 1, here + _BUCKETS)]
    return all(sum(around[first : first + _BUCKETS]) < most for first in range(_BUCKETS))
