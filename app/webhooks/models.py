"""Deliveries, the bodies they carry and the attempts made."""

from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, String, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to, belongs_to_agency
from app.kit.jobs import JobMixin

#: States in which something will still happen. By name, not as what is left when the others are taken away: an endpoint
#: may have millions that are over, and the index by status finds the few that are not.
OPEN = ("pending", "retrying")
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


class Delivery(JobMixin, CreatedAt, Base):
    """One event on its way to one endpoint. While its lease runs it is in flight.

    Due in order of `due_at`; null: nothing is due (it is over, or waits for an earlier one of its subject).
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        belongs_to("webhook_endpoints", "endpoint_id"),
        belongs_to("events", "event_id"),
        belongs_to("webhook_replays", "replay_id"),
        CheckConstraint(f"status IN {get_args(State)}", name="status"),
        CheckConstraint("series IN ('event', 'test')", name="series"),
        CheckConstraint("share IN ('first', 'again')", name="share"),
        UniqueConstraint("agency_id", "event_id", "endpoint_id", name="uq_webhook_deliveries_event"),
        # whose turn it is: an endpoint's due deliveries, first attempts apart from the rest, the oldest first
        Index(
            "ix_webhook_deliveries_lane", "agency_id", "endpoint_id", "share", "due_at",
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_webhook_deliveries_endpoint", "agency_id", "endpoint_id", "id"),
        Index("ix_webhook_deliveries_endpoint_status", "agency_id", "endpoint_id", "status", "id"),
        Index(
            "ix_webhook_deliveries_undelivered", "agency_id", "status", "id",
            postgresql_where=text("status IN ('exhausted', 'cancelled', 'skipped')"),
        ),
        Index(
            "ix_webhook_deliveries_order", "agency_id", "endpoint_id", "subject_id", "sequence",
            postgresql_where=text("ordered AND status IN ('pending', 'retrying')"),
        ),
        # open and not due: it waits for its turn, or was forgotten
        Index(
            "ix_webhook_deliveries_waiting", "agency_id", "id",
            postgresql_where=text("due_at IS NULL AND status IN ('pending', 'retrying')"),
        ),
        Index(
            "ix_webhook_deliveries_replay", "agency_id", "replay_id",
            postgresql_where=text("replay_id IS NOT NULL"),
        ),
        # room on each page, so that a claim, which changes no index, stays on it
        {"postgresql_with": {"fillfactor": 70}},
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
    status: Mapped[State] = mapped_column(String(16), server_default=text("'pending'"))
    #: which slots it takes: those of first attempts, or those of retries and replays
    share: Mapped[Literal["first", "again"]] = mapped_column(String(8), server_default=text("'first'"))
    #: its endpoint wants one delivery of a subject at a time
    ordered: Mapped[bool] = mapped_column(server_default=text("false"))
    #: the replay that sent it anew
    replay_id: Mapped[str | None] = mapped_column(ids.Id("replay"))
    #: why it is in this status
    reason: Mapped[str | None] = mapped_column(String(64))
    #: a body lies in a partition: both are needed to find it, and no constraint holds it
    body_id: Mapped[str] = mapped_column(ids.Id("body"))
    body_created_at: Mapped[datetime]
    attempt_count: Mapped[int] = mapped_column(server_default=text("0"))
    #: attempts of the current series: a retry by hand and a replay start a new one
    series_attempts: Mapped[int] = mapped_column(server_default=text("0"))
    last_code: Mapped[str | None] = mapped_column(String(64))
    first_attempt_at: Mapped[datetime | None]
    last_attempt_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class Attempt(Base):
    """One HTTP request that left, or was refused before leaving. Dropped by the month.

    Written by whoever held its delivery, in one transaction with it, and pruned with it: a constraint would have every
    row looked up and its delivery locked once more.
    """

    __tablename__ = "webhook_attempts"
    __table_args__ = (
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
    #: which of several requests, where a destination makes more than one
    part: Mapped[str | None] = mapped_column(String(64))
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
