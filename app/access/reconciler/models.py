"""Handshakes: the reconciling of one client's Business Center with one of the agency's."""

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to, belongs_to_agency
from app.kit.jobs import JobMixin


class Handshake(JobMixin, CreatedAt, Base):
    """Due when the next look is. `looks` counts looks without news, `setbacks` refusals for asking too often.

    `watching`: nothing is left to do, and it is looked at now and then whether all is as it was. `searched_at`: the
    last request for a look for which the agency's other partners were searched.
    """

    __tablename__ = "handshakes"
    __table_args__ = (
        belongs_to_agency(),
        belongs_to("clients", "client_id"),
        UniqueConstraint("agency_id", "client_id", "platform", "bc_id", "agency_bc_id"),
        Index("ix_handshakes_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("handshake"), primary_key=True)
    client_id: Mapped[str] = mapped_column(ids.Id("client"))
    platform: Mapped[str] = mapped_column(String(32))
    bc_id: Mapped[str] = mapped_column(String(32))
    agency_bc_id: Mapped[str] = mapped_column(String(32))
    looks: Mapped[int] = mapped_column(default=0, server_default="0")
    setbacks: Mapped[int] = mapped_column(default=0, server_default="0")
    watching: Mapped[bool] = mapped_column(default=False, server_default="false")
    looked_at: Mapped[datetime | None]
    searched_at: Mapped[datetime | None]
    #: since when the platform gives no answer to work with
    away_since: Mapped[datetime | None]
