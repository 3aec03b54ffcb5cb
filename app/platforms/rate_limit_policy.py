"""Rate limit policy: reservations so far and the current time in, a reservation out. All times are in ms of one clock.

Pure.
"""

from bisect import bisect_right, insort
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.platforms.port import Priority

#: A second, plus 0.2 s for the time between a reservation and the call's arrival.
WINDOW = 1_200
_MINUTE = 60_000
BUCKET = 2_000
#: Maximum number of buckets that any sixty seconds touch.
BUCKETS = _MINUTE // BUCKET + 1
#: Quarters of the limit that each priority may use; the rest is reserved for higher ones.
QUARTERS = {Priority.INTERACTIVE: 4, Priority.HANDSHAKE: 3, Priority.BACKGROUND: 2}
#: Maximum waiting time of each priority.
PATIENCE = {Priority.INTERACTIVE: 10_000, Priority.HANDSHAKE: 5_000, Priority.BACKGROUND: 2_000}
LONGEST_PATIENCE = max(PATIENCE.values())
#: TikTok does not say which of its limits was hit: per second, per minute or longer.
#: https://business-api.tiktok.com/portal/docs?id=1740029171730433
PAUSES = (1_000, 5_000, 30_000, 300_000)
#: After a reduction, one more call is allowed for every ten seconds in which calls succeed.
_STEP_UP = 10_000


@dataclass(frozen=True)
class Limits:
    """Calls per second and per minute that one app may make."""

    qps: int
    qpm: int


@dataclass(frozen=True)
class Allowance:
    """Reservations of an app and its current limit.

    granted: times of calls in the last window and the future, sorted. minute: bucket number -> calls reserved in it.
    reduced_to: calls per window after a rate limit error, None without a reduction. setbacks: rate limit errors in a
    row; limited_at, closed_until: time of the last one, and end of the pause; raised_at: time of the last change of
    `reduced_to`.
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
    """A call may be made at `at`; it was requested at `booked`. `reduced`: its success must be recorded."""

    at: int
    booked: int
    reduced: bool


@dataclass(frozen=True)
class Later:
    """No call within the caller's maximum wait: the next one in `wait` ms. `limited`: because the platform said so."""

    wait: int
    limited: bool


def reserve(
    allowance: Allowance, now: int, priority: Priority, limits: Limits, patience: int, lead: int = 0
) -> tuple[Allowance, Reservation] | Later:
    """The earliest time for a call of this priority, if within `patience` ms, and the state after the reservation.

    Not before `lead` ms from now: a slow caller reserves ahead.
    """
    kept = _tidied(allowance, now)
    at = _earliest(kept, max(now + lead, kept.closed_until), priority, limits)
    if at - now > patience:
        return Later(at - now, limited=kept.closed_until > now)
    granted = list(kept.granted)
    insort(granted, at)
    minute = {**kept.minute, at // BUCKET: kept.minute.get(at // BUCKET, 0) + 1}
    reservation = Reservation(at, now, reduced=kept.reduced_to is not None or kept.setbacks > 0)
    return replace(kept, granted=tuple(granted), minute=minute), reservation


def limited(allowance: Allowance, now: int, reservation: Reservation, limits: Limits) -> Allowance:
    """Apply a rate limit error of a reserved call: halve the limit and pause all calls.

    Calls that were in progress at the previous error change nothing. Future reservations become void.
    """
    kept = _tidied(allowance, now)
    if reservation.at <= kept.limited_at:
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


def succeeded(allowance: Allowance, now: int, reservation: Reservation, limits: Limits) -> Allowance:
    """Apply a success: the next pause is short again, and the limit recovers step by step."""
    kept = _tidied(allowance, now)
    if reservation.at <= kept.limited_at:
        return kept
    kept = replace(kept, setbacks=0)
    if kept.reduced_to is None or now - kept.raised_at < _STEP_UP:
        return kept
    raised = kept.reduced_to + 1
    return replace(kept, reduced_to=raised if raised < limits.qps else None, raised_at=now)


def limits_of(priority: Priority, limits: Limits) -> Limits:
    """The part of the limits that a priority may use."""
    quarters = QUARTERS[priority]
    return Limits(max(1, limits.qps * quarters // 4), max(1, limits.qpm * quarters // 4))


def is_void(allowance: Allowance, reservation: Reservation) -> bool:
    """True if a rate limit error after the reservation made it void."""
    return allowance.limited_at > reservation.booked


def _tidied(allowance: Allowance, now: int) -> Allowance:
    """The state without past reservations, and without those too far ahead, which come from a wrong clock."""
    ahead = now + LONGEST_PATIENCE
    first, last = now // BUCKET - BUCKETS, ahead // BUCKET
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


def _earliest(allowance: Allowance, start: int, priority: Priority, limits: Limits) -> int:
    most = limits_of(priority, replace(limits, qps=_whole(allowance, limits)))
    while True:
        at = _free_in_window(allowance.granted, start, most.qps)
        if _free_in_minute(allowance.minute, at, most.qpm):
            return at
        start = (at // BUCKET + 1) * BUCKET


def _free_in_window(granted: tuple[int, ...], start: int, most: int) -> int:
    """The earliest allowed time. A slot becomes free only when an earlier call leaves the window, so only these times
    are tried.
    """
    moments = [start, *(at + WINDOW for at in granted if at + WINDOW > start)]
    return next(at for at in moments if _fits(granted, at, most))


def _fits(granted: tuple[int, ...], at: int, most: int) -> bool:
    """True if no window that contains a call at `at` has more than `most` calls."""
    near = [each for each in granted if at - WINDOW < each < at + WINDOW]
    insort(near, at)
    place = bisect_right(near, at) - 1
    firsts = range(max(0, place - most), min(place, len(near) - 1 - most) + 1)
    return all(near[first + most] - near[first] >= WINDOW for first in firsts)


def _free_in_minute(minute: Mapping[int, int], at: int, most: int) -> bool:
    """The same for sixty seconds, counted in whole buckets: slightly too strict, never too loose."""
    if sum(minute.values()) < most:
        return True
    here = at // BUCKET
    around = [minute.get(bucket, 0) for bucket in range(here - BUCKETS + 1, here + BUCKETS)]
    return all(sum(around[first : first + BUCKETS]) < most for first in range(BUCKETS))
