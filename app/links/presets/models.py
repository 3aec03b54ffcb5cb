"""Presets of an agency's own: every version, for good."""

from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to_agency


class AgencyPreset(CreatedAt, Base):
    """One version. Its body is what was given, checked; a later version takes its place for new links."""

    __tablename__ = "presets"
    __table_args__ = (belongs_to_agency(), UniqueConstraint("agency_id", "slug", "version"))

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("preset"), primary_key=True)
    slug: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    body: Mapped[dict[str, Any]]
    #: no new links with it; those there are keep it
    archived_at: Mapped[datetime | None]
