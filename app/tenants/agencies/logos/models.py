"""Table of logos: one re-encoded picture per agency."""

from datetime import datetime

from sqlalchemy import String, func
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.database import Base, CreatedAt, agency_key, belongs_to_agency


class AgencyLogo(CreatedAt, Base):
    """The bytes; the agency's `brand` contains hash and size too, so that pages need not read this row."""

    __tablename__ = "agency_logos"
    __table_args__ = (belongs_to_agency(),)

    agency_id: Mapped[str] = agency_key()
    png: Mapped[bytes]
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
