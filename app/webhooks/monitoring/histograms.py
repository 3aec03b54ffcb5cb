"""A histogram that takes many values at once, for a tenth of what the library's costs, which takes them one by one."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector


class LabelledHistogram(Collector):
    """Of one process, registered under its name; `label` has one of the values of `kinds`, which are all there from
    the beginning.
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
        """Counts these; a value that is a bound belongs below it."""
        counts, bounds, total = self._counts[kind], self._bounds, 0.0
        for value in values:
            counts[bisect_left(bounds, value)] += 1
            total += value
        self._sums[kind] += total

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """As Prometheus reads it: of each bound, how many are not above it."""
        family = HistogramMetricFamily(self._name, self._text, labels=[self._label] if self._label else [])
        for kind, counts in self._counts.items():
            so_far, buckets = 0, []
            for name, count in zip(self._names, counts, strict=True):
                so_far += count
                buckets.append((name, so_far))
            family.add_metric([kind] if self._label else [], buckets, self._sums[kind])
        yield family
