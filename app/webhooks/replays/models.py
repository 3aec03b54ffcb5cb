"""Replays: a wish to have deliveries sent again, and how far it has come."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import BigInteger, CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to
from app.kit.jobs import JobMixin

Select = Literal["failed", "missing", "skipped", "all"]


class Replay(JobMixin, CreatedAt, Base):
    """Queues what it names a little at a time, so that it neither floods the endpoint nor is lost with its worker."""

    __tablename__ = "webhook_replays"
    __table_args__ = (
        belongs_to("webhook_endpoints", "endpoint_id"),
        CheckConstraint("selected IN ('failed', 'missing', 'skipped', 'all')", name="selected"),
        CheckConstraint("status IN ('running', 'completed', 'cancelled')", name="status"),
        Index("ix_webhook_replays_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("replay"), primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(ids.Id("endpoint"))
    selected: Mapped[Select] = mapped_column(String(16))
    #: events that happened from `since` (included) to `until` (not included)
    since: Mapped[datetime]
    until: Mapped[datetime]
    event_types: Mapped[list[Any]]
    subject_ids: Mapped[list[Any]]
    rate_per_second: Mapped[int]
    status: Mapped[Literal["running", "completed", "cancelled"]] = mapped_column(
        String(16), server_default=text("'running'")
    )
    #: how many it found when it was asked for, and how many it has queued so far
    matched: Mapped[int]
    queued: Mapped[int] = mapped_column(server_default=text("0"))
    #: how far it has come in the feed of events
    last_transaction_id: Mapped[int | None] = mapped_column(BigInteger)
    last_event_id: Mapped[str | None] = mapped_column(ids.Id("evt"))
    actor: Mapped[str] = mapped_column(String(64))
    ended_at: Mapped[datetime | None]
