"""Table of imports."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.access.call_recorder import FailureColumns
from app.kit import ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to_agency
from app.kit.jobs import JobMixin


class Import(JobMixin, FailureColumns, CreatedAt, Base):
    """Import of everything that partners share with one of the agency's Business Centers.

    A running import is due for its next round; the last one of a Business Center for the import after it.
    `setbacks`: failures of the platform in a row.
    """

    __tablename__ = "imports"
    __table_args__ = (
        belongs_to_agency(),
        CheckConstraint("status IN ('running', 'done', 'failed')", name="status"),
        CheckConstraint("reason IN ('connected', 'asked', 'watch')", name="reason"),
        CheckConstraint("(status = 'failed') = (code IS NOT NULL)", name="failed_has_code"),
        Index(
            "uq_imports_running", "agency_id", "platform", "agency_account_id", unique=True,
            postgresql_where=text("status = 'running'"),
        ),
        Index("ix_imports_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )  # fmt: skip

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("import"), primary_key=True)
    platform: Mapped[str] = mapped_column(String(32))
    agency_account_id: Mapped[str] = mapped_column(String(64))
    #: `connected`: the agency connected; `asked`: it requested the import; `watch`: daily repetition
    reason: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(8), default="running", server_default="running")
    setbacks: Mapped[int] = mapped_column(default=0, server_default="0")
    #: null until the partners are listed
    partners_total: Mapped[int | None]
    #: partners whose ad accounts, and whose catalogs, were read
    partners_done: Mapped[int] = mapped_column(default=0, server_default="0")
    catalogs_done: Mapped[int] = mapped_column(default=0, server_default="0")
    #: partners and assets with invalid ids
    unreadable: Mapped[int] = mapped_column(default=0, server_default="0")
    grants_found: Mapped[int] = mapped_column(default=0, server_default="0")
    grants_ended: Mapped[int] = mapped_column(default=0, server_default="0")
    roles_changed: Mapped[int] = mapped_column(default=0, server_default="0")
    finished_at: Mapped[datetime | None]
