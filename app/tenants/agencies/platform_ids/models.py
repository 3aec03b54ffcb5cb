"""Table of the agency's own ids on manual platforms."""

from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to_agency


class PlatformIdentity(CreatedAt, Base):
    """The agency's ids on one manual platform; not secret, because clients enter them."""

    __tablename__ = "platform_identities"
    __table_args__ = (belongs_to_agency(), UniqueConstraint("agency_id", "platform"))

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("identity"), primary_key=True)
    platform: Mapped[str] = mapped_column(String(32))
    #: keys are the names of the needs in the platform's file
    identifiers: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
