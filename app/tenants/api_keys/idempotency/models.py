"""Table of stored responses of idempotent requests."""

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to
from app.kit.jobs import JobMixin


class IdempotencyKey(JobMixin, CreatedAt, Base):
    """A response under the caller's idempotency key, written in the request's transaction. Due when it expires."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        belongs_to("api_keys", "api_key_id"),
        UniqueConstraint("agency_id", "api_key_id", "value"),
        Index("ix_idempotency_keys_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("idem"), primary_key=True)
    #: another key of the agency must not read this response
    api_key_id: Mapped[str] = mapped_column(ids.Id("key"))
    value: Mapped[str] = mapped_column(String(255))
    request_hash: Mapped[bytes]
    status: Mapped[int]
    answer_encrypted: Mapped[bytes]
