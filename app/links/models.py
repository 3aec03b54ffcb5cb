"""Links, what they ask for, what the client told us, and what the client agreed to."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.change_feed import Changing
from app.kit.database import Base, CreatedAt, agency_key, belongs_to, belongs_to_agency
from app.kit.jobs import JobMixin
from app.links.presets.preset import WIDE
from app.links.status import STATUSES
from app.platforms.manual.library import CUSTOM


class Link(Changing, JobMixin, CreatedAt, Base):
    """One secret address for one client. It is due when its time runs out."""

    __tablename__ = "links"
    #: `updated_at` comes back with the UPDATE that changes it
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012 - SQLAlchemy reads it as declared
    __table_args__ = (
        belongs_to_agency(),
        belongs_to("clients", "client_id"),
        belongs_to("public_links", "public_link_id"),
        UniqueConstraint("agency_id", "external_id"),
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        Index("ix_links_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_links_agency_id_client_id", "agency_id", "client_id"),
        Index("ix_links_agency_id_updated_at_id", "agency_id", "updated_at", "id"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("link"), primary_key=True)
    client_id: Mapped[str] = mapped_column(ids.Id("client"))
    external_id: Mapped[str | None] = mapped_column(String(200))
    preset: Mapped[str] = mapped_column(String(64))
    preset_version: Mapped[int]
    #: who is asking, by name, as the client sees it
    requested_by: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(16))
    #: the Business Center of the agency that is to get the access; none where only manual platforms are asked for
    agency_bc_id: Mapped[str | None] = mapped_column(String(32))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    token_encrypted: Mapped[bytes]
    status: Mapped[str] = mapped_column(String(16), default="draft")
    #: `connected` or `guided`, once the client has chosen; may change at any time
    lane: Mapped[str | None] = mapped_column(String(16))
    expires_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    renewal_requested_at: Mapped[datetime | None]
    #: when the client was last needed again after its yes: more was asked for, or access is gone
    needed_again_at: Mapped[datetime | None]
    #: the public link that made it
    public_link_id: Mapped[str | None] = mapped_column(ids.Id("publiclink"))
    #: an id in the agency's CRM that stood in the public link's address: said by the visitor, proved by nobody
    claimed_external_id: Mapped[str | None] = mapped_column(String(200))


class AccessRequest(CreatedAt, Base):
    """One access wanted, naming one asset once the client has chosen it. `status` is the last projection made."""

    __tablename__ = "access_requests"
    __table_args__ = (
        belongs_to("links", "link_id"),
        Index("ix_access_requests_link_id", "agency_id", "link_id"),
        Index(
            "uq_access_requests_asset",
            "agency_id",
            "link_id",
            "kind",
            "asset_id",
            text("coalesce(parent_asset_id, '')"),
            unique=True,
        ),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("access"), primary_key=True)
    link_id: Mapped[str] = mapped_column(ids.Id("link"))
    platform: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(32))
    role: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(String(500))
    #: the role asked for at first, and why another one was asked for later
    role_first: Mapped[str | None] = mapped_column(String(32))
    role_reason: Mapped[str | None] = mapped_column(String(500))
    #: a pixel that has received nothing does not do its job
    needs_events: Mapped[bool] = mapped_column(default=False, server_default="false")
    #: whom an access request of kind `person` invites; erased with the client's data
    person_email: Mapped[str | None] = mapped_column(String(254))
    required: Mapped[bool]
    position: Mapped[int]
    asset_id: Mapped[str | None] = mapped_column(String(64))
    #: the ad account a pixel is wanted on
    parent_asset_id: Mapped[str | None] = mapped_column(String(64))
    asset_name: Mapped[str | None] = mapped_column(String(200))
    approved_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    attested_at: Mapped[datetime | None]
    attested_by: Mapped[str | None] = mapped_column(String(200))
    #: manual platforms: when the client said that the steps are done, and who
    client_attested_at: Mapped[datetime | None]
    client_attested_by: Mapped[str | None] = mapped_column(String(200))
    #: the agency's own steps, where the access request is of no platform we know
    steps: Mapped[list[Any] | None]
    #: when a person last said "look again": a refusal older than this is tried anew
    recheck_at: Mapped[datetime | None]
    #: when somebody who may say so wanted a role lowered that is higher than agreed
    reduce_at: Mapped[datetime | None]
    #: when the agency no longer wanted it: it is to be taken away
    unwanted_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(String(24), default="waiting", server_default="waiting")
    status_since: Mapped[datetime] = mapped_column(server_default=func.now())
    code: Mapped[str | None] = mapped_column(String(48))
    next_actor: Mapped[str | None] = mapped_column(String(16))
    role_seen: Mapped[str | None] = mapped_column(String(32))
    #: by whose token it was seen: `agency` or `client`
    seen_by: Mapped[str | None] = mapped_column(String(16))
    #: another Business Center than the client gave, from which the agency was seen to have it
    shared_from_bc_id: Mapped[str | None] = mapped_column(String(32))
    #: when the client's own list began to show what waits for the agency
    listed_at: Mapped[datetime | None]
    #: what the platform itself said of what is in the way: the call, its code, its message, its id for support
    platform_operation: Mapped[str | None] = mapped_column(String(64))
    platform_code: Mapped[int | None]
    platform_message: Mapped[str | None] = mapped_column(String(2000))
    platform_request_id: Mapped[str | None] = mapped_column(String(128))
    verified_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    @property
    def is_custom(self) -> bool:
        """True if it is of a manual platform: no handshake answers it, people do."""
        return self.kind == CUSTOM

    @property
    def is_chosen(self) -> bool:
        """True if the client can agree to it: it names its asset; of a manual platform it need not."""
        return self.asset_id is not None or self.is_custom

    @property
    def lacks_choice(self) -> bool:
        """True if it is required and the client has not chosen its asset."""
        return self.required and not self.is_chosen and self.status == "waiting"

    @property
    def awaits_yes(self) -> bool:
        """True if a consent now would include it: chosen, and neither agreed to nor declined."""
        return self.is_chosen and self.approved_at is None and self.declined_at is None

    @property
    def why(self) -> str:
        """Reason for the role, in words that the client reads."""
        return self.role_reason or self.reason

    @property
    def wider_than_usual(self) -> bool:
        """True if it asks for full control."""
        return self.role == WIDE


class Intake(Base):
    """Client's answers on one link, saved screen by screen."""

    __tablename__ = "intakes"
    __table_args__ = (belongs_to("links", "id"),)

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("link"), primary_key=True)
    bc_id: Mapped[str | None] = mapped_column(String(32))
    bc_name: Mapped[str | None] = mapped_column(String(200))
    pixel_codes: Mapped[list[Any] | None]
    #: ISO 3166 alpha-2 country codes
    markets: Mapped[list[Any] | None]
    #: `[{"role": "approver|billing|technical", "name": …, "email": …}]`
    contacts: Mapped[list[Any] | None]
    #: the screens completed so far, each reported once
    screens_completed: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
    #: when the client went through what is asked for on manual platforms; its ids there stand in the access requests
    others_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class Consent(Base):
    """The client's yes: the sentences shown, word for word, and the name given."""

    __tablename__ = "consents"
    __table_args__ = (belongs_to("links", "link_id"),)

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("consent"), primary_key=True)
    link_id: Mapped[str] = mapped_column(ids.Id("link"))
    name: Mapped[str] = mapped_column(String(200))
    sentences: Mapped[list[Any]]
    given_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LinkSession(CreatedAt, Base):
    """One browser in which the link was opened; it holds the cookie whose SHA-256 this is.

    It is the client's once it is verified: it gave the first personal answer, or showed a code.
    """

    __tablename__ = "link_sessions"
    __table_args__ = (belongs_to("links", "link_id"), UniqueConstraint("cookie_hash", "agency_id", "link_id"))

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("browser"), primary_key=True)
    link_id: Mapped[str] = mapped_column(ids.Id("link"))
    cookie_hash: Mapped[bytes]
    verified_at: Mapped[datetime | None]
    #: devices.service.VerifiedBy
    verified_by: Mapped[str | None] = mapped_column(String(16))
