"""Tables of clients, the companies that grant access, and of contacts that the agency added."""

from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.actor import ActorColumns
from app.kit.audit import Audit
from app.kit.database import Base, CreatedAt, agency_key, belongs_to, belongs_to_agency
from app.kit.web.paging import Changing

ContactRole = Literal["approver", "billing", "technical"]


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


class ClientContact(ActorColumns, CreatedAt, Base):
    """A person of a client, added by the agency; the actor changed it last.

    Those that the client names are in the intake of its link, and only these get codes for new devices.
    """

    __tablename__ = "client_contacts"
    __audit__ = Audit("client_contact", only=("client_id", "role", "name", "email"), personal=("name", "email"))
    __table_args__ = (
        belongs_to("clients", "client_id"),
        CheckConstraint(f"role IN {get_args(ContactRole)}", name="role"),
        Index("ix_client_contacts_client_id", "agency_id", "client_id", "id"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("contact"), primary_key=True)
    client_id: Mapped[str] = mapped_column(ids.Id("client"))
    role: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
