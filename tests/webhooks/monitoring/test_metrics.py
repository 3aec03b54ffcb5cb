"""What is counted, under which names, and that nothing in them names an agency or an endpoint."""

import pytest
from prometheus_client import REGISTRY

from app.webhooks import metrics

COUNTED = {
    "webhook_events", "webhook_deliveries", "webhook_attempts", "webhook_event_to_first_attempt_seconds",
    "webhook_event_to_success_seconds", "webhook_attempt_duration_seconds", "webhook_claim_duration_seconds",
    "webhook_in_flight", "webhook_worker_slots", "webhook_lease_expired", "webhook_late_finish",
    "webhook_sweeper_fixed", "webhook_ssrf_blocked", "webhook_auto_disabled", "webhook_replay_deliveries",
}  # fmt: skip
LABELS = {
    "type", "outcome", "reason", "result", "code_class", "attempt_bucket", "phase", "slot_class", "kind", "rule", "le",
}  # fmt: skip


def value(name: str, **labels: str) -> float:
    """A sample, 0 when there is none yet."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_the_names_are_those_promised() -> None:
    there = {family.name for family in REGISTRY.collect() if family.name.startswith("webhook_")}
    assert there == COUNTED


def test_no_label_names_anybody() -> None:
    metrics.attempts_made(True, 200, "http_200", 1, 1)
    metrics.DURATION.observe([0.001], "total")
    families = [family for family in REGISTRY.collect() if family.name.startswith("webhook_")]
    assert {label for family in families for sample in family.samples for label in sample.labels} <= LABELS


def test_an_attempt_counts_in_all_its_figures() -> None:
    labels = {"result": "failure", "code_class": "5xx", "attempt_bucket": "2-4"}
    names = [f"webhook_{name}_seconds_count" for name in ("event_to_first_attempt", "event_to_success")]
    phases = [("webhook_attempt_duration_seconds_count", {"phase": phase}) for phase in ("dns", "connect", "total")]
    before = [value("webhook_attempts_total", **labels), *map(value, names)]
    before_phases = [value(name, **phase) for name, phase in phases]
    metrics.attempts_made(False, 503, "http_503", 3, 2)
    metrics.DURATION.observe([0.003], "dns")
    metrics.DURATION.observe([0.025], "total")
    metrics.FIRST_ATTEMPT.observe([0.05])
    assert [value("webhook_attempts_total", **labels), *map(value, names)] == [before[0] + 2, before[1] + 1, before[2]]
    changes = [value(name, **phase) - was for (name, phase), was in zip(phases, before_phases, strict=True)]
    assert changes == [1, 0, 1]


def test_ends_are_counted_with_their_reason() -> None:
    before = value("webhook_deliveries_total", outcome="succeeded", reason="")
    metrics.delivery_ended("succeeded", None)
    metrics.delivery_ended("succeeded", None, 2)
    assert value("webhook_deliveries_total", outcome="succeeded", reason="") == before + 3


@pytest.mark.parametrize(
    ("status", "code", "name"),
    [
        (200, "http_200", "2xx"), (302, "redirect", "3xx"), (410, "gone", "4xx"), (503, "throttled", "5xx"),
        (None, "dns_nxdomain", "dns"), (None, "timeout_answer", "timeout"), (None, "blocked_address", "blocked"),
        (None, "protocol", "protocol"),
    ],
)  # fmt: skip
def test_the_class_of_a_code(status: int | None, code: str, name: str) -> None:
    assert metrics.code_class(status, code) == name


def test_attempts_fall_into_four_kinds() -> None:
    kinds = [metrics.attempt_bucket(number) for number in range(1, 13)]
    assert kinds == ["1", *["2-4"] * 3, *["5-8"] * 4, *["9+"] * 4]
