"""Codes with which a new browser shows that it is the client's."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to


class DeviceCode(CreatedAt, Base):
    """A six-digit code: e-mailed to a client for one browser, or read out by the agency for whichever enters it."""

    __tablename__ = "device_codes"
    __table_args__ = (
        belongs_to("links", "link_id"),
        belongs_to("link_sessions", "browser_id"),
        Index("ix_device_codes_link_id", "agency_id", "link_id", "id"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("code"), primary_key=True)
    link_id: Mapped[str] = mapped_column(ids.Id("link"))
    #: the browser that asked for it; none where the agency made it
    browser_id: Mapped[str | None] = mapped_column(ids.Id("browser"))
    #: keyed with the key ring, and bound to this row
    code_hash: Mapped[str] = mapped_column(String(64))
    #: the masked address it was sent to
    sent_to: Mapped[str | None] = mapped_column(String(254))
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
