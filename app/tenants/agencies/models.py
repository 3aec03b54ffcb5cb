"""Tables of agencies: the tenants, their branding, their TikTok app, their Business Centers and their domains."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.audit import Audit
from app.kit.database import Base, CreatedAt, agency_key, belongs_to_agency
from app.kit.jobs import JobMixin

#: Finding about the DNS records of a domain.
DomainProblem = Literal["no_record", "elsewhere", "no_proof", "no_answer"]


class Agency(CreatedAt, Base):
    """A tenant. Its id is the `agency_id` of every other row."""

    __tablename__ = "agencies"
    __audit__ = Audit("agency", personal=("contact_name", "contact_email"), ignored=("set_up_ended_at", "domain"))

    id: Mapped[str] = mapped_column(ids.Id("agency"), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    #: the contact person shown on every screen
    contact_name: Mapped[str] = mapped_column(String(120))
    contact_email: Mapped[str] = mapped_column(String(254))
    brand: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    #: of its own e-mails, and of clients who did not choose another
    language: Mapped[str] = mapped_column(String(16), default="en", server_default="en")
    #: a `ReminderSettings`
    reminders: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    #: the verified domain of new addresses for its clients; None: the installation's own host
    domain: Mapped[str | None] = mapped_column(String(253))
    #: the time at which its members finished or dismissed the first steps
    set_up_ended_at: Mapped[datetime | None]


class PlatformApp(CreatedAt, Base):
    """An agency's own developer app at a platform; without one, the installation's default is used."""

    __tablename__ = "platform_apps"
    __audit__ = Audit("platform_app")
    __table_args__ = (
        belongs_to_agency(),
        Index(
            "uq_platform_apps_present", "agency_id", "platform", unique=True,
            postgresql_where=text("replaced_at IS NULL"),
        ),
    )  # fmt: skip

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("app"), primary_key=True)
    platform: Mapped[str] = mapped_column(String(32))
    app_id: Mapped[str] = mapped_column(String(64))
    secret_encrypted: Mapped[bytes]
    #: kept after it was replaced, because only this app can revoke its tokens
    replaced_at: Mapped[datetime | None]


class AgencyAccount(CreatedAt, Base):
    """A Business Center of the agency. Its id is not secret: clients enter it in the guided lane."""

    __tablename__ = "agency_accounts"
    __audit__ = Audit("agency_account")
    __table_args__ = (belongs_to_agency(), UniqueConstraint("agency_id", "platform", "account_id"))

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("account"), primary_key=True)
    platform: Mapped[str] = mapped_column(String(32))
    account_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))


class AgencyDomain(JobMixin, CreatedAt, Base):
    """A host name of the agency. Two agencies may add the same name; only one can verify it.

    Once verified, it is due for its next check.
    """

    __tablename__ = "agency_domains"
    __audit__ = Audit("agency_domain", only=("host", "verified_at"))
    __table_args__ = (
        belongs_to_agency(),
        UniqueConstraint("agency_id", "host"),
        Index("ix_agency_domains_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("uq_agency_domains_verified", "host", unique=True, postgresql_where=text("verified_at IS NOT NULL")),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("domain"), primary_key=True)
    host: Mapped[str] = mapped_column(String(253))
    #: value of the TXT record; public, but not to be guessed
    proof: Mapped[str] = mapped_column(String(64))
    verified_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    #: of the last check; None: all as it should be
    problem: Mapped[DomainProblem | None] = mapped_column(String(16))
    #: the first of the checks in a row that found a problem
    problem_since: Mapped[datetime | None]
