"""Clients: whoever grants access."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, Made, agency_key, belongs_to_agency


class Client(Made, Base):
    """A client of one agency. `external_id` is its id in the agency's CRM."""

    __tablename__ = "clients"
    __table_args__ = (
        belongs_to_agency(),
        UniqueConstraint("agency_id", "external_id"),
        CheckConstraint("origin IN ('made', 'found')", name="origin"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("client"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    contact_name: Mapped[str | None] = mapped_column(String(200))
    contact_email: Mapped[str | None] = mapped_column(String(254))
    external_id: Mapped[str | None] = mapped_column(String(200))
    #: `made` by the agency, or for what was `found` at a platform already
    origin: Mapped[str] = mapped_column(String(8), default="made", server_default="made")
    language: Mapped[str] = mapped_column(String(16), default="en", server_default="en")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
