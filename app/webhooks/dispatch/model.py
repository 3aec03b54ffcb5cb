"""Deliveries, the bodies they carry and the attempts made."""

from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, Made, agency_key, belongs_to, belongs_to_agency
from app.kit.due import Due

#: States in which nothing more will happen by itself.
TERMINAL = ("succeeded", "exhausted", "cancelled", "skipped")
State = Literal["pending", "retrying", "succeeded", "exhausted", "cancelled", "skipped"]


class WebhookBody(Base):
    """An event's body in one payload mode, rendered once and shared; dropped by the month."""

    __tablename__ = "webhook_bodies"
    __table_args__ = (belongs_to_agency(), {"postgresql_partition_by": "RANGE (created_at)"})

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("body"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(ids.Id("evt"))
    mode: Mapped[str] = mapped_column(String(8))
    personal: Mapped[bool]
    truncated: Mapped[bool]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)


class Delivery(Due, Made, Base):
    """One event on its way to one endpoint. While its lease runs it is in flight."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        belongs_to("webhook_endpoints", "endpoint_id"),
        belongs_to("events", "event_id"),
        CheckConstraint(f"state IN {get_args(State)}", name="state"),
        CheckConstraint("series IN ('event', 'test')", name="series"),
        Index("ix_webhook_deliveries_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index(
            "uq_webhook_deliveries_event", "agency_id", "event_id", "endpoint_id",
            unique=True, postgresql_where=text("series = 'event'"),
        ),
        Index("ix_webhook_deliveries_event_all", "agency_id", "event_id"),
        Index("ix_webhook_deliveries_endpoint", "agency_id", "endpoint_id", "id"),
        Index("ix_webhook_deliveries_endpoint_state", "agency_id", "endpoint_id", "state", "id"),
    )  # fmt: skip

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("delivery"), primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(ids.Id("endpoint"))
    event_id: Mapped[str] = mapped_column(ids.Id("evt"))
    event_type: Mapped[str] = mapped_column(String(128))
    subject_id: Mapped[str] = mapped_column(String(128))
    sequence: Mapped[int] = mapped_column(BigInteger)
    #: why there is this delivery: `event` by fan-out (one per endpoint), `test` by hand
    series: Mapped[str] = mapped_column(String(16), server_default=text("'event'"))
    state: Mapped[State] = mapped_column(String(16), server_default=text("'pending'"))
    #: why it is in this state
    reason: Mapped[str | None] = mapped_column(String(64))
    #: a body lies in a partition: both are needed to find it, and no constraint holds it
    body_id: Mapped[str] = mapped_column(ids.Id("body"))
    body_created_at: Mapped[datetime]
    attempt_count: Mapped[int] = mapped_column(server_default=text("0"))
    last_code: Mapped[str | None] = mapped_column(String(64))
    first_attempt_at: Mapped[datetime | None]
    last_attempt_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class Attempt(Base):
    """One HTTP request that left, or was refused before leaving. Dropped by the month."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        belongs_to("webhook_deliveries", "delivery_id", ondelete="CASCADE"),
        Index("ix_webhook_attempts_delivery", "agency_id", "delivery_id", "id"),
        Index("ix_webhook_attempts_endpoint", "agency_id", "endpoint_id", "id"),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("attempt"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(primary_key=True, server_default=func.now())
    delivery_id: Mapped[str] = mapped_column(ids.Id("delivery"))
    endpoint_id: Mapped[str] = mapped_column(ids.Id("endpoint"))
    number: Mapped[int]
    #: its lease had run out or been taken away: it left, but decided nothing
    late: Mapped[bool]
    arrived: Mapped[bool]
    code: Mapped[str] = mapped_column(String(64))
    explanation: Mapped[str] = mapped_column(Text)
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any]]
    body: Mapped[str] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(String(45))
    tls: Mapped[str | None] = mapped_column(String(16))
    dns_ms: Mapped[int | None]
    connect_ms: Mapped[int | None]
    first_byte_ms: Mapped[int | None]
    total_ms: Mapped[int]
    worker: Mapped[str] = mapped_column(String(64))
