"""Public links and their recent uses."""

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to, belongs_to_agency


class PublicLink(CreatedAt, Base):
    """A public address. It holds the preset's version it was made with, as a link does."""

    __tablename__ = "public_links"
    __table_args__ = (belongs_to_agency(),)

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("publiclink"), primary_key=True)
    preset: Mapped[str] = mapped_column(String(64))
    preset_version: Mapped[int]
    language: Mapped[str] = mapped_column(String(16))
    requested_by: Mapped[str] = mapped_column(String(120))
    agency_bc_id: Mapped[str | None] = mapped_column(String(32))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    token_encrypted: Mapped[bytes]
    uses: Mapped[int] = mapped_column(default=0, server_default="0")
    most_uses: Mapped[int | None]
    most_per_hour: Mapped[int]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class PublicLinkUse(CreatedAt, Base):
    """One use within the last hour: for the limits, and so that a form sent twice makes one link.

    The address of the caller is kept as a keyed hash, and no longer than the hour.
    """

    __tablename__ = "public_link_uses"
    __table_args__ = (
        belongs_to("public_links", "public_link_id"),
        belongs_to("links", "link_id"),
        Index("ix_public_link_uses_public_link_id", "agency_id", "public_link_id", "created_at"),
        UniqueConstraint("agency_id", "public_link_id", "form_hash"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("use"), primary_key=True)
    public_link_id: Mapped[str] = mapped_column(ids.Id("publiclink"))
    link_id: Mapped[str] = mapped_column(ids.Id("link"))
    address_hash: Mapped[str] = mapped_column(String(64))
    form_hash: Mapped[bytes]
