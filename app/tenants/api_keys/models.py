"""Table of API keys, with which programs of an agency sign in."""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to_agency


class ApiKey(CreatedAt, Base):
    """A key `kt_live_…`. Only its SHA-256 is stored; `hint` is its last four characters, to identify it."""

    __tablename__ = "api_keys"
    __table_args__ = (belongs_to_agency(),)

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("key"), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    key_hash: Mapped[bytes] = mapped_column(unique=True)
    hint: Mapped[str] = mapped_column(String(4))
    scopes: Mapped[list[Any]]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
