"""Heartbeat and Prometheus metrics of a process. No label names an agency or an endpoint: `/stats` has those figures.

Collectors are module-level state, an accepted exception: prometheus_client has one registry per process, and a name can
be declared only once. The functions are called for each batch of attempts and only look up cached children.
`LabelledHistogram` observes many values at once, at a tenth of the cost of the library.
"""

import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

#: Seconds without a beat after which a loop is stuck, and without an attempt after which the queue is checked.
SILENCE = 60.0


@dataclass
class Heartbeat:
    """Heartbeat of one process, in memory. `loops` are expected from the start, others from their first beat."""

    loops: tuple[str, ...] = ()
    clock: Callable[[], float] = time.monotonic
    _beats: dict[str, float] = field(default_factory=dict)
    _attempt: float = 0.0

    def __post_init__(self) -> None:
        self._attempt = self.clock()
        self._beats = dict.fromkeys(self.loops, self._attempt)

    def beat(self, loop: str) -> None:
        """Record one run of a loop."""
        self._beats[loop] = self.clock()

    def attempt(self) -> None:
        """Record an attempt with any outcome."""
        self._attempt = self.clock()

    def stopped(self) -> list[str]:
        """Loops without a beat for SILENCE seconds."""
        return [loop for loop, at in self._beats.items() if self.clock() - at > SILENCE]

    def is_quiet(self) -> bool:
        """True if there was no attempt for SILENCE seconds: check whether deliveries are due."""
        return self.clock() - self._attempt > SILENCE


class LabelledHistogram(Collector):
    """Histogram of one process, registered under its name. `label` has one of the values of `kinds`, all exported from
    the start.
    """

    def __init__(
        self,
        name: str,
        text: str,
        bounds: Sequence[float],
        *,
        label: str = "",
        kinds: Sequence[str] = ("",),
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        self._name, self._text, self._label = name, text, label
        self._bounds = bounds
        self._names = [*(repr(float(bound)) for bound in bounds), "+Inf"]
        self._counts = {kind: [0] * (len(bounds) + 1) for kind in kinds}
        self._sums = dict.fromkeys(kinds, 0.0)
        registry.register(self)

    def observe(self, values: Iterable[float], kind: str = "") -> None:
        """Observe values; a value equal to a bound counts below it."""
        counts, bounds, total = self._counts[kind], self._bounds, 0.0
        for value in values:
            counts[bisect_left(bounds, value)] += 1
            total += value
        self._sums[kind] += total

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """Cumulative buckets for Prometheus."""
        family = HistogramMetricFamily(self._name, self._text, labels=[self._label] if self._label else [])
        for kind, counts in self._counts.items():
            so_far, buckets = 0, []
            for name, count in zip(self._names, counts, strict=True):
                so_far += count
                buckets.append((name, so_far))
            family.add_metric([kind] if self._label else [], buckets, self._sums[kind])
        yield family


_events = Counter("webhook_events_total", "Events that were fanned out.", ["type"])
_deliveries = Counter("webhook_deliveries_total", "Deliveries that ended.", ["outcome", "reason"])
_attempts = Counter("webhook_attempts_total", "Attempts made.", ["result", "code_class", "attempt_bucket"])
FIRST_ATTEMPT = LabelledHistogram(
    "webhook_event_to_first_attempt_seconds", "From the event to its first attempt.",
    (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)  # fmt: skip
SUCCESS = LabelledHistogram(
    "webhook_event_to_success_seconds", "From the event to its arrival.",
    (0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 60, 300, 3600, 21600, 86400, 432000),
)  # fmt: skip
DURATION = LabelledHistogram(
    "webhook_attempt_duration_seconds", "How long each phase of an attempt took.",
    (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30),
    label="phase", kinds=("dns", "connect", "ttfb", "total"),
)  # fmt: skip
CLAIM = Histogram(
    "webhook_claim_duration_seconds", "How long claiming deliveries took.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)  # fmt: skip
IN_FLIGHT = Gauge("webhook_in_flight", "Attempts that this process has under way.")
SLOTS = Gauge("webhook_worker_slots", "Attempts that this process makes at once, at most.", ["slot_class"])
LEASE_EXPIRED = Counter("webhook_lease_expired_total", "Deliveries whose lease ran out before they were finished.")
LATE_FINISH = Counter("webhook_late_finish_total", "Attempts that ended when their lease was lost.")
FIXED = Counter("webhook_sweeper_fixed_total", "What the sweeper found stuck.", ["kind"])
BLOCKED = Counter("webhook_ssrf_blocked_total", "Calls refused because of where they led.", ["rule"])
DISABLED = Counter("webhook_auto_disabled_total", "Endpoints disabled by Keyturn.", ["reason"])
REPLAYED = Counter("webhook_replay_deliveries_total", "Deliveries queued by replays.")

_event = cache(lambda type_: _events.labels(type_))
_delivery = cache(lambda outcome, reason: _deliveries.labels(outcome, reason))


def events_fanned_out(event_type: str, n: int) -> None:
    """Count events that were fanned out, also without recipients."""
    _event(event_type).inc(n)


def delivery_ended(outcome: str, reason: str | None, n: int = 1) -> None:
    """Count deliveries that ended."""
    _delivery(outcome, reason or "").inc(n)


def attempts_made(arrived: bool, status: int | None, code: str, number: int, n: int) -> None:
    """Count attempts of a kind; `number` is that of the attempt at its delivery."""
    _attempt(arrived, status, code, number).inc(n)


@cache
def _attempt(arrived: bool, status: int | None, code: str, number: int) -> Counter:
    return _attempts.labels("success" if arrived else "failure", code_class(status, code), attempt_bucket(number))


def code_class(status: int | None, code: str) -> str:
    """`2xx` … `5xx`, or the kind of failure without a response: `dns`, `connect`, `tls`, `timeout`, `blocked` …"""
    return f"{status // 100}xx" if status is not None else code.partition("_")[0]


def attempt_bucket(number: int) -> str:
    """Bucket of an attempt's number: `1`, `2-4`, `5-8`, `9+`."""
    return "1" if number <= 1 else "2-4" if number <= 4 else "5-8" if number <= 8 else "9+"
