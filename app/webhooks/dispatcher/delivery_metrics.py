"""What a sender counts for Prometheus, and tells the operator."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from app.kit import logs
from app.kit.egress.result import Timing
from app.webhooks.dispatcher.claimed import Lease, Leased
from app.webhooks.dispatcher.http_attempt import since_event
from app.webhooks.dispatcher.result_writer import DeliveryUpdate
from app.webhooks.models import TERMINAL
from app.webhooks.monitoring import metrics


def claimed(rows: Sequence[Leased], seconds: float) -> None:
    """A claim, and those among its rows that somebody else never finished."""
    metrics.claim_took(seconds)
    if lapsed := sum(row.lapsed for row, _ in rows):
        metrics.lease_expired(lapsed)


def attempted(batch: Sequence[DeliveryUpdate], late: Collection[Lease]) -> None:
    """Attempts that were written down; `late` are those whose lease was lost meanwhile."""
    made: Counter[tuple[bool, int | None, str, int]] = Counter()
    ended: Counter[tuple[str, str | None]] = Counter()
    firsts, arrivals = list[float](), list[float]()
    for attempt, step in batch:
        row, outcome, answer = attempt.parcel.row, attempt.outcome, attempt.answer
        made[outcome.arrived, answer.status, outcome.code, row.attempt_count] += 1
        after = since_event(attempt.parcel, attempt.began)
        if row.is_first:
            firsts.append(after)
        if outcome.arrived and not row.replay:
            arrivals.append(after + answer.timing.total / 1000)
        if step.status in TERMINAL and not (late and row.lease in late):
            ended[step.status, step.reason] += 1
    metrics.first_attempts(firsts)
    metrics.succeeded(arrivals)
    _took([each.attempted.answer.timing for each in batch])
    for (arrived, status, code, before), n in made.items():
        kind = metrics.code_class(status, code)
        metrics.attempts_made("success" if arrived else "failure", kind, metrics.attempt_bucket(before + 1), n)
        if code == "blocked_address":
            metrics.ssrf_blocked("connect", n)
    for end, n in ended.items():
        metrics.delivery_ended(*end, n)
    if late:
        metrics.late_finish(len(late))


def _took(timings: Sequence[Timing]) -> None:
    metrics.attempts_took("dns", [each.dns for each in timings if each.dns is not None])
    metrics.attempts_took("connect", [each.connect for each in timings if each.connect is not None])
    metrics.attempts_took("ttfb", [each.first_byte for each in timings if each.first_byte is not None])
    metrics.attempts_took("total", [each.total for each in timings])


def say(batch: Sequence[DeliveryUpdate], late: Collection[Lease]) -> None:
    """A line for each; unlike the attempt it may say which address was meant."""
    logs.many("webhooks.attempt", (_line(each, late) for each in batch))


def _line(each: DeliveryUpdate, late: Collection[Lease]) -> dict[str, Any]:
    row, attempt = each.row, each.attempted
    return {
        "agency": attempt.parcel.endpoint.agency_id,
        "endpoint": attempt.letter.endpoint_id,
        "delivery": attempt.letter.delivery_id,
        "event_id": attempt.letter.event_id,
        "number": row.attempt_count + 1,
        "code": attempt.outcome.code,
        "status": "late" if late and row.lease in late else each.step.status,
        "total_ms": sum([answer.timing.total for _, answer in attempt.answers]),
        "detail": attempt.answer.detail,
        "request_id": attempt.parcel.contents.request_id,
    }
