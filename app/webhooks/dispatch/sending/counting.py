"""What a sender counts for Prometheus."""

from collections.abc import Sequence

from app.kit.egress.answer import Answer
from app.webhooks.dispatch.seeing import figures
from app.webhooks.dispatch.sending.claim import Claimed
from app.webhooks.dispatch.sending.finish import Finished
from app.webhooks.dispatch.sending.send import since_event

_NOTHING = Answer()


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
