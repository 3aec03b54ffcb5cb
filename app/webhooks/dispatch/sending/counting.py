"""What a sender counts for Prometheus, and tells the operator."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from app.kit import logs
from app.webhooks.dispatch.claiming.claimed import Lease, Leased
from app.webhooks.dispatch.seeing import figures
from app.webhooks.dispatch.sending.finish import Finished
from app.webhooks.dispatch.sending.send import since_event


def claimed(rows: Sequence[Leased], seconds: float) -> None:
    """A claim, and those among its rows that somebody else never finished."""
    figures.claim_took(seconds)
    if lapsed := sum(row.lapsed for row, _ in rows):
        figures.lease_expired(lapsed)


def attempted(batch: Sequence[Finished], late: Collection[Lease]) -> None:
    """Attempts that were written down; `late` are those whose lease was lost meanwhile."""
    made: Counter[tuple[str, str, str]] = Counter()
    ended: Counter[tuple[str, str | None]] = Counter()
    for each in batch:
        attempt, row, step = each.attempted, each.row, each.step
        answer, outcome = attempt.answer, attempt.outcome
        made[
            "success" if outcome.arrived else "failure",
            figures.code_class(answer.status, outcome.code),
            figures.attempt_bucket(row.attempt_count + 1),
        ] += 1
        timing, after = answer.timing, since_event(attempt.parcel, attempt.began)
        figures.attempt_took(timing.dns, timing.connect, timing.first_byte, timing.total)
        if row.is_first:
            figures.first_attempt(after)
        if outcome.arrived and not row.replay:
            figures.succeeded(after + timing.total / 1000)
        if outcome.code == "blocked_address":
            figures.ssrf_blocked("connect")
        if each.over and row.lease not in late:
            ended[step.state, step.reason] += 1
    for kind, n in made.items():
        figures.attempts_made(*kind, n)
    for end, n in ended.items():
        figures.delivery_ended(*end, n)
    if late:
        figures.late_finish(len(late))


def say(batch: Sequence[Finished], late: Collection[Lease]) -> None:
    """A line for each; unlike the attempt it may say which address was meant."""
    logs.many("webhooks.attempt", (_line(each, late) for each in batch))


def _line(each: Finished, late: Collection[Lease]) -> dict[str, Any]:
    row, attempt = each.row, each.attempted
    return {
        "agency": attempt.parcel.endpoint.agency_id,
        "endpoint": attempt.letter.endpoint_id,
        "delivery": attempt.letter.delivery_id,
        "event_id": attempt.letter.event_id,
        "number": row.attempt_count + 1,
        "code": attempt.outcome.code,
        "state": "late" if row.lease in late else each.step.state,
        "total_ms": sum(answer.timing.total for _, answer in attempt.answers),
        "detail": attempt.answer.detail,
        "request_id": attempt.parcel.contents.request_id,
    }
