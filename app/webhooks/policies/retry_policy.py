"""Retry policies: the time of the next attempt, if there is one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from app.webhooks.policies.end_reason import EndReason
from app.webhooks.policies.response_classifier import AttemptOutcome

_MINUTE, _HOUR = 60, 3600
_STANDARD = (
    0, 5, 30, 2 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE,
    2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR,
)  # fmt: skip
_WEEK = 7 * 24 * _HOUR
_PATIENT_START = (*_STANDARD, 24 * _HOUR, 24 * _HOUR, 24 * _HOUR)

#: Seconds to wait before each attempt, the first included.
POLICIES: dict[str, tuple[int, ...]] = {
    "standard": _STANDARD,
    "fast": (0, 5, 30, 2 * _MINUTE, 10 * _MINUTE),
    "patient": (*_PATIENT_START, _WEEK - sum(_PATIENT_START)),
    "none": (0,),
}
OLDEST = timedelta(days=5)
#: Number of attempts during which an ordered delivery holds later ones back, if others succeed (docs/webhooks.md,
#: Order).
HOLDS_BACK = 5
#: 4xx statuses that concern the endpoint or are temporary; any other may concern this one body.
_NOT_OF_THE_BODY = frozenset({401, 403, 407, 408, 421, 425, 429})
_OF_THE_BODY = frozenset(f"http_{status}" for status in range(400, 500) if status not in _NOT_OF_THE_BODY)
Aside = Literal["never", "if_others_pass", "now"]
#: Jitter is between 1.0 and this factor, so that an attempt is never early.
MOST_JITTER = 1.2


@dataclass(frozen=True)
class Step:
    """Status of a delivery after an attempt; `due_in` None when nothing more is due."""

    status: str
    reason: str | None
    due_in: timedelta | None
    #: an ordered delivery lets later ones of its subject pass
    aside: Aside = "never"


def delays(policy: str | Sequence[int]) -> tuple[int, ...]:
    """Delays of a named policy, or of a list after an immediate first attempt."""
    return POLICIES[policy] if isinstance(policy, str) else (0, *policy)


def age_limit(policy: str | Sequence[int]) -> timedelta:
    """Age of an event at which its deliveries expire: 5 days, or the time span of the policy and a day."""
    return max(OLDEST, timedelta(seconds=sum(delays(policy))) + timedelta(days=1))


def next_delay(policy: str | Sequence[int], made: int, jitter: float) -> timedelta | None:
    """Delay after `made` attempts; None after the last."""
    steps = delays(policy)
    return timedelta(seconds=steps[made] * jitter) if made < len(steps) else None


#: Step after success.
ARRIVED = Step("succeeded", None, None)


def step_after(
    outcome: AttemptOutcome,
    *,
    made: int,
    policy: str | Sequence[int],
    jitter: float,
    now: datetime,
    expires_at: datetime,
) -> Step:
    """Step after an attempt; `made` counts it."""
    if outcome.arrived:
        return ARRIVED
    if outcome.ends:
        return _ended(EndReason.REFUSED if outcome.ends == "event" else EndReason.GONE)
    delay = next_delay(policy, made, jitter)
    if delay is None:
        return _ended(EndReason.ATTEMPTS_USED)
    due_in = max(delay, outcome.wait * jitter)
    if now + due_in > expires_at:
        return _ended(EndReason.AGE_LIMIT)
    return Step("retrying", outcome.code, due_in, _aside(outcome, made))


def _ended(reason: EndReason) -> Step:
    return Step(reason.status, reason, None)


def _aside(outcome: AttemptOutcome, made: int) -> Aside:
    if made < HOLDS_BACK:
        return "never"
    return "now" if outcome.code in _OF_THE_BODY else "if_others_pass"
