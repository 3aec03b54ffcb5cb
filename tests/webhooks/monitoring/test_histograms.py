"""Histograms that take many values at once."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from app.webhooks.metrics import LabelledHistogram

BOUNDS = (0.25, 0.5, 1, 30)
#: Such that their sums are exact.
VALUES = st.integers(0, 3000).map(lambda number: number / 64) | st.sampled_from(BOUNDS)
BATCHES = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.lists(VALUES, max_size=8)), max_size=5)


@given(BATCHES)
def test_it_reads_as_the_librarys_does(batches: list[tuple[str, list[float]]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    many = LabelledHistogram("test_seconds", "A text.", BOUNDS, label="kind", kinds=("a", "b"), registry=ours)
    one = Histogram("test_seconds", "A text.", ["kind"], buckets=BOUNDS, registry=theirs)
    for kind in ("a", "b"):
        one.labels(kind)
    for kind, values in batches:
        many.observe(values, kind)
        for value in values:
            one.labels(kind).observe(value)
    assert _samples(ours) == _samples(theirs)


def test_without_labels_too() -> None:
    registry = CollectorRegistry()
    LabelledHistogram("test_seconds", "A text.", BOUNDS, registry=registry).observe([0.25, 7])
    assert registry.get_sample_value("test_seconds_count") == 2
    assert registry.get_sample_value("test_seconds_sum") == 7.25
    assert registry.get_sample_value("test_seconds_bucket", {"le": "0.25"}) == 1


def _samples(registry: CollectorRegistry) -> list[str]:
    lines = generate_latest(registry).decode().splitlines()
    return sorted(line for line in lines if "_created" not in line)
