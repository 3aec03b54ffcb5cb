"""What a sender counts for Prometheus, and tells the operator."""

from collections.abc import Sequence

import structlog

from app.kit.egress.answer import Answer
from app.webhooks.dispatch.seeing import figures
from app.webhooks.dispatch.sending.claim import Claimed
from app.webhooks.dispatch.sending.finish import Finished
from app.webhooks.dispatch.sending.send import Attempted, since_event

_NOTHING = Answer()
_lines = structlog.get_logger("app.webhooks.dispatch")


def claimed(rows: Sequence[Claimed], seconds: float) -> None:
    """A claim, and those among its rows that somebody else never finished."""
    figures.claim_took(seconds)
    if lapsed := sum(row.lapsed for row in rows):
        figures.lease_expired(lapsed)


def attempted(each: Finished, *, late: bool) -> None:
    """An attempt that was written down."""
    attempt, outcome = each.attempted, each.attempted.outcome
    answer = attempt.answers[-1][1] if attempt.answers else _NOTHING
    after = since_event(attempt.parcel, attempt.began)
    figures.attempt_made(
        result="success" if outcome.arrived else "failure",
        code_class=figures.code_class(answer.status, outcome.code),
        attempt_bucket=figures.attempt_bucket(each.row.attempt_count + 1),
        dns_ms=answer.timing.dns,
        connect_ms=answer.timing.connect,
        ttfb_ms=answer.timing.first_byte,
        total_ms=answer.timing.total,
        first_after=after if each.row.is_first else None,
        success_after=after + answer.timing.total / 1000 if outcome.arrived and not each.row.replay else None,
    )
    if outcome.code == "blocked_address":
        figures.ssrf_blocked("connect")
    if late:
        figures.late_finish(1)
    elif each.over:
        figures.delivery_ended(each.step.state, each.step.reason)


def say(each: Finished, *, late: bool) -> None:
    """One line for the operator; unlike the attempt it may say which address was meant."""
    row, attempted = each.row, each.attempted
    answer = attempted.answers[-1][1] if attempted.answers else _NOTHING
    _lines.info(
        "webhooks.attempt",
        agency=attempted.parcel.endpoint.agency_id,
        endpoint=attempted.parcel.endpoint.id,
        delivery=attempted.letter.delivery_id,
        event_id=attempted.letter.event_id,
        number=row.attempt_count + 1,
        code=attempted.outcome.code,
        state="late" if late else each.step.state,
        total_ms=answer.timing.total if len(attempted.answers) < 2 else _total(attempted),
        detail=answer.detail,
        request_id=attempted.parcel.contents.request_id,
    )


def _total(attempted: Attempted) -> int:
    return sum(answer.timing.total for _, answer in attempted.answers)
