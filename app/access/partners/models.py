"""Table of partners: Business Centers that work with one of the agency's."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.access.call_recorder import FailureColumns
from app.kit import ids
from app.kit.database import Base, agency_key, belongs_to, belongs_to_agency


class Partner(FailureColumns, Base):
    """A partner as the platform lists it. Without a client it has shared nothing with the agency yet.

    `import_id`: the import that reads it, or read it last. `to_read`: the kind of asset to read next. A failure of the
    platform is kept until a read succeeds.
    """

    __tablename__ = "partners"
    __table_args__ = (
        belongs_to_agency(),
        belongs_to("clients", "client_id"),
        belongs_to("imports", "import_id"),
        UniqueConstraint("agency_id", "platform", "agency_account_id", "account_id"),
        CheckConstraint("to_read IN ('ad_account', 'catalog')", name="to_read"),
        CheckConstraint("client_id IS NOT NULL OR NOT linked", name="linked_to_a_client"),
        Index("ix_partners_to_read", "agency_id", "import_id", postgresql_where=text("to_read IS NOT NULL")),
        Index("ix_partners_client_id", "agency_id", "client_id"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("partner"), primary_key=True)
    platform: Mapped[str] = mapped_column(String(32))
    agency_account_id: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[str] = mapped_column(String(64))
    #: from the platform, on one line
    name: Mapped[str] = mapped_column(String(200))
    client_id: Mapped[str | None] = mapped_column(ids.Id("client"))
    #: the client is a record of the agency, not one that an import created
    linked: Mapped[bool] = mapped_column(default=False, server_default="false")
    import_id: Mapped[str] = mapped_column(ids.Id("import"))
    to_read: Mapped[str | None] = mapped_column(String(16))
    #: failed reads in this import
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    first_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    #: time from which the platform no longer lists it
    gone_at: Mapped[datetime | None]
