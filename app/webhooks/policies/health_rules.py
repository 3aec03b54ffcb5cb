"""Health of an endpoint by its attempts: capacity, rate limit, circuit breaker, failure notices, its end. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from app.webhooks.policies.response_classifier import AttemptOutcome

EndpointHold = Literal["paused", "circuit", "retry_after", "rate_limit"]
UNREACHABLE_OPENS = 5
WINDOW = timedelta(seconds=60)
WINDOW_LEAST = 10
WINDOW_SHARE = 0.8
FIRST_OPEN = timedelta(seconds=30)
LONGEST_OPEN = timedelta(minutes=10)
GOOD_TO_RAISE = 50
GONE_APART = timedelta(minutes=5)
BLOCKED_AT_LEAST = 3
BLOCKED_FOR = timedelta(hours=1)
#: Ages of the first failure at which the notice and the reminders are sent.
NOTICES = (timedelta(minutes=10), timedelta(hours=24), timedelta(hours=72), timedelta(hours=96))
#: Conditions to disable an endpoint: only failures for this time, their number and spread, and an exhausted delivery.
DISABLE_AFTER = timedelta(hours=120)
LEAST_ATTEMPTS = 20
LEAST_SPREAD = timedelta(hours=24)
LEAST_EXHAUSTED = 1
_TRANSPORT = ("connect_", "tls_", "dns_", "timeout_")
_BUSY = frozenset({"http_429", "http_502", "http_504"})


@dataclass(frozen=True)
class EndpointHealthState:
    """Health of an endpoint as stored, without columns that only notices use."""

    reduced_concurrency: int | None = None
    successes_since_reduction: int = 0
    hold_until: datetime | None = None
    breaker: Literal["closed", "open", "half_open"] = "closed"
    open_until: datetime | None = None
    openings: int = 0
    probes: int = 0
    unreachable: int = 0
    failing_since: datetime | None = None
    failed_attempts: int = 0
    exhausted: int = 0
    last_failed_at: datetime | None = None
    last_code: str | None = None
    last_event_id: str | None = None
    notices: int = 0
    gone_since: datetime | None = None
    blocked_since: datetime | None = None
    blocked: int = 0


@dataclass(frozen=True)
class HealthInput:
    """Outcome of one attempt, and its event."""

    outcome: AttemptOutcome
    event_id: str
    exhausted: bool = False


@dataclass(frozen=True)
class HealthUpdate:
    """The health after some attempts, and what else follows."""

    health: EndpointHealthState
    disable: Literal["gone", "unsafe_url"] | None = None
    recovered: bool = False
    opened: bool = False


def capacity(
    health: EndpointHealthState, *, concurrency: int, in_flight: int, tokens: float | None, paused: bool, now: datetime
) -> tuple[int, EndpointHold | None]:
    """Number of deliveries that may leave now, and the reason if none may."""
    if paused:
        return 0, "paused"
    if is_held(health, now):
        return 0, "retry_after"
    if health.breaker == "open" and health.open_until is not None and health.open_until > now:
        return 0, "circuit"
    if tokens is not None and tokens < 1:
        return 0, "rate_limit"
    most = min(health.reduced_concurrency or concurrency, concurrency)
    if health.breaker != "closed":
        most = min(most, max(health.probes, 1) if health.breaker == "half_open" else 1)
    free = max(most - in_flight, 0)
    held: EndpointHold | None = "circuit" if health.breaker != "closed" and not free else None
    return (free if tokens is None else min(free, int(tokens))), held


def health_after(
    health: EndpointHealthState,
    tried: Sequence[HealthInput],
    *,
    concurrency: int,
    now: datetime,
    window: tuple[int, int] = (0, 0),
) -> HealthUpdate:
    """Health after these attempts; `window`: number of attempts in the last minute, and of failed ones."""
    verdict = HealthUpdate(health)
    for one in tried:
        verdict = (
            _arrived(verdict, concurrency, now) if one.outcome.arrived else _failed(verdict, one, concurrency, now)
        )
    total, failed = window
    much = total >= WINDOW_LEAST and failed >= WINDOW_SHARE * total
    if verdict.health.breaker == "closed" and (much or verdict.health.unreachable >= UNREACHABLE_OPENS):
        return replace(verdict, health=_opened(verdict.health, now), opened=True)
    return verdict


def is_held(health: EndpointHealthState, now: datetime) -> bool:
    """True if the receiver asked us to send nothing until later."""
    return health.hold_until is not None and health.hold_until > now


def speaks_of_the_endpoint(code: str) -> bool:
    """True if a failure concerns the whole endpoint; a 4xx may concern only one body."""
    return code.startswith((*_TRANSPORT, "http_5")) or code in ("http_429", "throttled")


def _arrived(verdict: HealthUpdate, concurrency: int, now: datetime) -> HealthUpdate:
    health = verdict.health
    breaker, probes = health.breaker, health.probes
    hold_until, open_until = None, health.open_until
    if is_held(health, now):  # an attempt from before the hold is no probe; the hold alone decides how long to wait
        hold_until = open_until = health.hold_until
    elif breaker != "closed":
        probes = max(health.probes, 1) * 2 if breaker == "half_open" else 2
        breaker = "closed" if probes > concurrency else "half_open"
    good, reduced = health.successes_since_reduction + 1, health.reduced_concurrency
    if reduced is None:
        good = 0
    elif good >= GOOD_TO_RAISE:
        good, reduced = 0, reduced + 1 if reduced + 1 < concurrency else None
    closed = breaker == "closed"
    well = EndpointHealthState(
        reduced_concurrency=reduced, successes_since_reduction=good, hold_until=hold_until, breaker=breaker,
        open_until=None if closed else open_until, openings=0 if closed else health.openings,
        probes=0 if closed else probes, last_failed_at=health.last_failed_at, last_code=health.last_code,
        last_event_id=health.last_event_id,
    )  # fmt: skip
    return replace(verdict, health=well, recovered=verdict.recovered or health.notices > 0)


def _failed(verdict: HealthUpdate, one: HealthInput, concurrency: int, now: datetime) -> HealthUpdate:
    health, code = verdict.health, one.outcome.code
    unreachable = health.unreachable + 1 if code.startswith(_TRANSPORT) else 0
    gone_since = (health.gone_since or now) if code == "gone" else None
    blocked = health.blocked + 1 if code == "blocked_address" else 0
    blocked_since = (health.blocked_since or now) if blocked else None
    worse = replace(
        health, unreachable=unreachable, gone_since=gone_since, blocked=blocked, blocked_since=blocked_since,
        failing_since=health.failing_since or now, failed_attempts=health.failed_attempts + 1,
        exhausted=health.exhausted + one.exhausted, last_failed_at=now, last_code=code, last_event_id=one.event_id,
    )  # fmt: skip
    if code in _BUSY:
        spared = max((health.reduced_concurrency or concurrency) // 2, 1)
        worse = replace(
            worse, reduced_concurrency=spared if spared < concurrency else None, successes_since_reduction=0
        )
    if code == "throttled":
        worse = _silent(worse, now + one.outcome.wait)
    opened = worse.breaker == "half_open" and speaks_of_the_endpoint(code)
    if opened:
        worse = _opened(worse, now)
    disable = verdict.disable
    if one.outcome.ends == "endpoint" or (gone_since and now - gone_since >= GONE_APART):
        disable = "gone"
    elif blocked_since and blocked >= BLOCKED_AT_LEAST and now - blocked_since >= BLOCKED_FOR:
        disable = "unsafe_url"
    return replace(verdict, health=worse, disable=disable, opened=verdict.opened or opened)


def _silent(health: EndpointHealthState, until: datetime) -> EndpointHealthState:
    """Hold all attempts until then, followed by one probe. The receiver asked for it: not counted as an opening."""
    until = max(until, health.hold_until or until)
    open_until = max(until, health.open_until or until)
    return replace(health, hold_until=until, breaker="open", open_until=open_until, probes=0)


def _opened(health: EndpointHealthState, now: datetime) -> EndpointHealthState:
    shut = min(FIRST_OPEN * 2 ** min(health.openings, 10), LONGEST_OPEN)
    return replace(
        health, breaker="open", open_until=now + shut, openings=health.openings + 1, probes=0, unreachable=0
    )  # fmt: skip


def tokens_now(limit: Mapping[str, Any] | None, left: float | None, at: datetime | None, now: datetime) -> float | None:
    """Tokens of a rate limit now, given that there were `left` at a time; None without a limit. An unused bucket is
    full.

    `limit`: `{"max": 10, "per_seconds": 1, "burst": 20}`; the default of burst is max.
    """
    if limit is None:
        return None
    most = float(limit.get("burst") or limit["max"])
    if left is None or at is None:
        return most
    refilled = (now - at).total_seconds() * float(limit["max"]) / float(limit["per_seconds"])
    return min(most, left + max(refilled, 0.0))


@dataclass(frozen=True)
class Failing:
    """Failures of an endpoint since its last success. `notices`: number of `NOTICES` that have passed."""

    since: datetime
    last_failed_at: datetime
    failed_attempts: int
    exhausted: int
    notices: int

    @property
    def spread(self) -> timedelta:
        """Time between its first and its last failure."""
        return self.last_failed_at - self.since


@dataclass(frozen=True)
class FailureStep:
    """Next step. `notices` have passed afterwards: those that could not be sent in time are left out."""

    do: Literal["nothing", "notify", "disable"]
    notices: int


def failure_step(failing: Failing, now: datetime) -> FailureStep:
    """Next step for an endpoint of which all attempts failed."""
    if _is_hopeless(failing, now):
        return FailureStep("disable", failing.notices)
    passed = _notices_passed(failing, now, NOTICES)
    return FailureStep("notify", passed) if passed > failing.notices else FailureStep("nothing", failing.notices)


def _notices_passed(failing: Failing, now: datetime, notices: Sequence[timedelta]) -> int:
    if failing.spread < notices[0]:  # one bad moment, however long ago, is not "only failures for ten minutes"
        return 0
    return sum(now - failing.since >= wait for wait in notices)


def _is_hopeless(failing: Failing, now: datetime) -> bool:
    return (
        now - failing.since >= DISABLE_AFTER
        and failing.failed_attempts >= LEAST_ATTEMPTS
        and failing.spread >= LEAST_SPREAD
        and failing.exhausted >= LEAST_EXHAUSTED
    )
