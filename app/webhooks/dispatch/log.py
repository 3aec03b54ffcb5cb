"""The attempt log, and what an attempt makes of its delivery."""

from dataclasses import dataclass

import structlog
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.record import KEYTURN, record
from app.events.types import webhooks as happenings
from app.kit import due, ids
from app.kit.egress.answer import Answer
from app.webhooks.dispatch.model import Attempt, Delivery
from app.webhooks.dispatch.outcome import Outcome
from app.webhooks.dispatch.schedule import Step
from app.webhooks.endpoints import matching

_lines = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Attempted:
    """One attempt that was made: of which delivery, what came back, what it means, and by whom."""

    delivery: Delivery
    answer: Answer
    outcome: Outcome
    worker: str
    request_id: str | None


async def write(session: AsyncSession, attempted: Attempted, step: Step) -> None:
    """Adds the attempt and moves the delivery on. Raises LeaseLost when the delivery is no longer ours."""
    row = attempted.delivery
    session.add(_attempt(attempted, late=False))
    await due.finish(
        session,
        row,
        due_in=step.due_in,
        state=step.state,
        reason=step.reason,
        attempt_count=row.attempt_count + 1,
        last_code=attempted.outcome.code,
        first_attempt_at=func.coalesce(Delivery.first_attempt_at, func.now()),
        last_attempt_at=func.now(),
    )
    if step.state == "exhausted":
        await _tell(session, row, step.state)
    _say(attempted, step.state)


async def write_late(session: AsyncSession, attempted: Attempted) -> None:
    """Adds an attempt that decides nothing: its lease was lost while it was under way."""
    session.add(_attempt(attempted, late=True))
    _say(attempted, "late")


async def give_up(session: AsyncSession, row: Delivery, *, state: str, reason: str | None) -> None:
    """Ends a delivery without an attempt. Raises LeaseLost."""
    await due.finish(session, row, due_in=None, state=state, reason=reason)
    if reason in ("expired", "body_expired"):
        await _tell(session, row, state)


async def _tell(session: AsyncSession, row: Delivery, state: str) -> None:
    """Records that a delivery was given up; not of a test, nor of such news itself: it would never end."""
    if row.series == "test" or row.event_type.startswith(matching.OPERATIONAL):
        return
    await record(
        session,
        happenings.DELIVERY_EXHAUSTED,
        agency_id=row.agency_id,
        subject_id=row.id,
        actor=KEYTURN,
        data={"endpoint_id": row.endpoint_id, "delivery_id": row.id, "status": state},
    )


def _attempt(attempted: Attempted, *, late: bool) -> Attempt:
    row, answer, outcome = attempted.delivery, attempted.answer, attempted.outcome
    return Attempt(
        agency_id=row.agency_id,
        id=ids.new("attempt"),
        delivery_id=row.id,
        endpoint_id=row.endpoint_id,
        number=row.attempt_count + 1,
        late=late,
        arrived=outcome.arrived,
        code=outcome.code,
        explanation=outcome.explanation,
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        address=answer.address,
        tls=answer.tls,
        dns_ms=answer.timing.dns,
        connect_ms=answer.timing.connect,
        first_byte_ms=answer.timing.first_byte,
        total_ms=answer.timing.total,
        worker=attempted.worker,
    )


def _say(attempted: Attempted, state: str) -> None:
    """One line for the operator; unlike the attempt it may say which address was meant."""
    row = attempted.delivery
    _lines.info(
        "webhooks.attempt",
        agency=row.agency_id,
        endpoint=row.endpoint_id,
        delivery=row.id,
        event_id=row.event_id,
        number=row.attempt_count + 1,
        code=attempted.outcome.code,
        state=state,
        total_ms=attempted.answer.timing.total,
        detail=attempted.answer.detail,
        request_id=attempted.request_id,
    )
