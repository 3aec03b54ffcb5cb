"""Response shapes of deliveries and attempts."""

from pydantic import BaseModel, Field

from app.kit import clock
from app.webhooks.deliveries.conditions import HOLDS, VisibleStatus
from app.webhooks.deliveries.creation import is_body_deleted
from app.webhooks.deliveries.queries import VisibleDelivery
from app.webhooks.models import Attempt
from app.webhooks.policies.end_reason import EndReason
from app.webhooks.policies.response_classifier import public_code

_ENDS = ", ".join(f"`{reason}`" for reason in EndReason)
_HOLDS = ", ".join(f"`{hold}`" for hold in HOLDS)
_REASON = f"Reason for this status. For `held`: {_HOLDS}. For an end without success: {_ENDS}."


class DeliveryView(BaseModel):
    """The delivery of one event to one endpoint."""

    id: str = Field(examples=["delivery_01ksy1q3e0fzs8qj5m8g3d4w7z"])
    endpoint_id: str = Field(examples=["endpoint_01ksy1q3e0fzs8qj5m8g3d4w7x"])
    event_id: str = Field(examples=["evt_01ksy1q3e0fzs8qj5m8g3d4w7y"])
    event_type: str = Field(examples=["access.verified"])
    subject_id: str = Field(examples=["link_01ksy1q3e0fzs8qj5m8g3d4w7s"])
    sequence: int = Field(examples=[17])
    test: bool
    replay_id: str | None = Field(
        description="The replay that requeued it.", examples=["replay_01ksy1q3e0fzs8qj5m8g3d4w81"]
    )
    status: VisibleStatus = Field(examples=["retrying"])
    reason: str | None = Field(description=_REASON, examples=["http_500"])
    attempt_count: int = Field(description="Attempts since its creation.", examples=[2])
    attempts_since_requeue: int = Field(
        description="Attempts since it was last requeued, by a manual retry or a replay.", examples=[2]
    )
    last_code: str | None = Field(description="Code of the last attempt.", examples=["http_500"])
    payload_deleted: bool = Field(description="True if its body was deleted on request; it cannot be sent again.")
    first_attempt_at: str | None = Field(examples=["2026-12-04T13:32:10.323Z"])
    last_attempt_at: str | None = Field(examples=["2026-12-04T13:32:15.523Z"])
    next_attempt_at: str | None = Field(
        description="Earliest time of the next attempt; later while the delivery is held.",
        examples=["2026-12-04T13:32:46.000Z"],
    )
    expires_at: str = Field(description="No attempt is made after this time.", examples=["2026-12-09T13:32:10.123Z"])
    created_at: str = Field(examples=["2026-12-04T13:32:10.223Z"])


class AttemptView(BaseModel):
    """One HTTP request with its response and timing."""

    id: str = Field(examples=["attempt_01ksy1q3e0fzs8qj5m8g3d4w80"])
    number: int = Field(examples=[1])
    part: str | None = Field(description="Name of the request if the destination sends several.", examples=["contact"])
    late: bool = Field(description="True if the request was sent after its delivery was decided elsewhere.")
    arrived: bool
    code: str = Field(examples=["http_500"])
    explanation: str = Field(examples=["The receiver answered 500."])
    status: int | None = Field(examples=[500])
    response_headers: dict[str, str] = Field(examples=[{"content-type": "text/plain"}])
    response_body: str = Field(description="First 16 KiB of the response.", examples=["Internal Server Error"])
    address: str | None = Field(examples=["203.0.113.80"])
    tls: str | None = Field(examples=["TLSv1.3"])
    dns_ms: int | None = Field(examples=[12])
    connect_ms: int | None = Field(description="Includes TLS; null for a reused connection.", examples=[48])
    first_byte_ms: int | None = Field(examples=[95])
    total_ms: int = Field(examples=[161])
    created_at: str = Field(examples=["2026-12-04T13:32:15.523Z"])


def delivery_view(seen: VisibleDelivery) -> DeliveryView:
    """From the row, and the status it is shown in."""
    row = seen.delivery
    return DeliveryView(
        id=row.id,
        endpoint_id=row.endpoint_id,
        event_id=row.event_id,
        event_type=row.event_type,
        subject_id=row.subject_id,
        sequence=row.sequence,
        test=row.origin == "test",
        replay_id=row.replay_id,
        status=seen.status,
        reason=public_code(seen.reason) if seen.reason else None,
        attempt_count=row.attempt_count,
        attempts_since_requeue=row.attempts_since_requeue,
        last_code=public_code(row.last_code) if row.last_code else None,
        payload_deleted=is_body_deleted(row),
        first_attempt_at=clock.iso(row.first_attempt_at),
        last_attempt_at=clock.iso(row.last_attempt_at),
        next_attempt_at=clock.iso(row.due_at),
        expires_at=clock.iso(row.expires_at) or "",
        created_at=clock.iso(row.created_at) or "",
    )


def attempt_view(row: Attempt) -> AttemptView:
    """From the row; what only the operator may know stays out."""
    return AttemptView(
        id=row.id,
        number=row.number,
        part=row.part,
        late=row.late,
        arrived=row.arrived,
        code=public_code(row.code),
        explanation=row.explanation,
        status=row.status,
        response_headers=row.headers,
        response_body=row.body,
        address=row.address,
        tls=row.tls,
        dns_ms=row.dns_ms,
        connect_ms=row.connect_ms,
        first_byte_ms=row.first_byte_ms,
        total_ms=row.total_ms,
        created_at=clock.iso(row.created_at) or "",
    )
