"""Tables of events: permanent facts, and personal data that can be erased."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.actor import ActorColumns
from app.kit.database import Base, agency_key, belongs_to, belongs_to_agency
from app.kit.jobs import JobMixin


class Event(ActorColumns, Base):
    """One event. Append-only: a trigger refuses UPDATE, DELETE and TRUNCATE."""

    __tablename__ = "events"
    __table_args__ = (
        belongs_to_agency(),
        Index("ix_events_feed", "agency_id", "transaction_id", "id"),
        Index("ix_events_type", "agency_id", "type", "transaction_id", "id"),
        Index("ix_events_subject", "agency_id", "subject_id", "sequence", unique=True),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("evt"), primary_key=True)
    type: Mapped[str] = mapped_column(String(128))
    occurred_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    subject_type: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(128))
    sequence: Mapped[int] = mapped_column(BigInteger)
    test: Mapped[bool] = mapped_column(default=False)
    facts: Mapped[dict[str, Any]]
    #: the request or job that caused it, as in the log lines
    request_id: Mapped[str | None] = mapped_column(String(64))
    #: the transaction that wrote it; the feed shows only what is below the oldest running one
    transaction_id: Mapped[int] = mapped_column(
        BigInteger, server_default=text("(pg_current_xact_id()::text::bigint + transaction_base())")
    )


class EventPersonal(Base):
    """Names and addresses of an event. Can be erased without changing the event."""

    __tablename__ = "event_personal"
    __table_args__ = (belongs_to("events", "id"),)

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("evt"), primary_key=True)
    data: Mapped[dict[str, Any]]
    #: of the commitment that seals bind; erased with the data
    salt: Mapped[uuid.UUID] = mapped_column(server_default=func.gen_random_uuid())


class OutboxEntry(JobMixin, Base):
    """Outbox entry of an event that is not fanned out yet. Written in the event's transaction."""

    __tablename__ = "event_outbox"
    __table_args__ = (
        belongs_to("events", "id"),
        Index("ix_event_outbox_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_event_outbox_turn", "agency_id", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_event_outbox_subject", "agency_id", "subject_id", "sequence"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("evt"), primary_key=True)
    #: the event's sequence number: ordered deliveries wait for earlier events that are not fanned out yet
    subject_id: Mapped[str] = mapped_column(String(128))
    sequence: Mapped[int] = mapped_column(BigInteger)


class EventSequence(Base):
    """The last sequence number of a subject; its row is locked until the transaction ends."""

    __tablename__ = "event_sequences"
    __table_args__ = (ForeignKeyConstraint(["agency_id"], ["agencies.id"]),)

    agency_id: Mapped[str] = agency_key()
    subject_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)
