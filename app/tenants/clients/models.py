"""Table of clients, the companies that grant access."""

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.audit import Audit
from app.kit.database import Base, CreatedAt, agency_key, belongs_to_agency
from app.kit.web.paging import Changing


class Client(Changing, CreatedAt, Base):
    """A client of one agency. `external_id` is its id in the agency's CRM."""

    __tablename__ = "clients"
    __audit__ = Audit("client", personal=("name", "contact_name", "contact_email"))
    __table_args__ = (
        belongs_to_agency(),
        UniqueConstraint("agency_id", "external_id"),
        CheckConstraint("origin IN ('made', 'found')", name="origin"),
        Index("ix_clients_agency_id_updated_at_id", "agency_id", "updated_at", "id"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("client"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    contact_name: Mapped[str | None] = mapped_column(String(200))
    contact_email: Mapped[str | None] = mapped_column(String(254))
    external_id: Mapped[str | None] = mapped_column(String(200))
    #: `made` by the agency, or `found` at a platform by an import
    origin: Mapped[str] = mapped_column(String(8), default="made", server_default="made")
    #: of its pages and e-mails, if the agency chose one; otherwise the client chooses
    language: Mapped[str | None] = mapped_column(String(16))
