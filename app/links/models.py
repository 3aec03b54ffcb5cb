"""Tables of links, their platforms, access requests, intake, consents and browsers; and of public links."""

from calendar import monthrange
from datetime import date, datetime
from typing import Any, TypedDict

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.audit import Audit
from app.kit.database import Base, CreatedAt, agency_key, belongs_to, belongs_to_agency
from app.kit.i18n import message
from app.kit.jobs import JobMixin
from app.kit.web.paging import Changing
from app.links.presets import builtin
from app.links.presets.preset import WIDE
from app.links.status import ACCESS_STATUSES, LANES, STAGES, STATUSES, TURNS
from app.platforms import declarations
from app.platforms.manual.library import CUSTOM
from app.platforms.port import AssetKind


class Link(Changing, JobMixin, CreatedAt, Base):
    """One secret address for one client. Due at its expiry."""

    __tablename__ = "links"
    __audit__ = Audit(
        "link",
        only=(
            "client_id", "external_id", "preset", "preset_version", "requested_by", "language", "expires_at",
            "revoked_at", "public_link_id", "owner_member_id",
        ),
        personal=("requested_by",),
    )  # fmt: skip
    #: the UPDATE returns the new `updated_at`
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012 - SQLAlchemy reads it as declared
    __table_args__ = (
        belongs_to_agency(),
        belongs_to("clients", "client_id"),
        belongs_to("public_links", "public_link_id"),
        belongs_to("members", "owner_member_id"),
        UniqueConstraint("agency_id", "external_id"),
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        Index("ix_links_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_links_agency_id_client_id", "agency_id", "client_id"),
        Index("ix_links_agency_id_updated_at_id", "agency_id", "updated_at", "id"),
        CheckConstraint(f"stage IN {STAGES}", name="stage"),
        CheckConstraint(f"next_actor IN {TURNS}", name="next_actor"),
        # the counts of the pipeline read it alone
        Index(
            "ix_links_agency_id_stage_next_actor_since_id", "agency_id", "stage", "next_actor_since", "id",
            postgresql_include=["next_actor"],
        ),
        Index("ix_links_agency_id_next_actor_next_actor_since_id", "agency_id", "next_actor", "next_actor_since", "id"),
        Index("ix_links_agency_id_next_actor_since_id", "agency_id", "next_actor_since", "id"),
        # the same, of one owner
        Index(
            "ix_links_owner", "agency_id", "owner_member_id", "stage", "next_actor_since", "id",
            postgresql_include=["next_actor"], postgresql_where=text("owner_member_id IS NOT NULL"),
        ),
        # the numbers of public links read it alone
        Index(
            "ix_links_public_link", "agency_id", "public_link_id",
            postgresql_include=["submitted_at", "completed_at"], postgresql_where=text("public_link_id IS NOT NULL"),
        ),
        Index("ix_links_unfinished", "opened_at", postgresql_where=text("status IN ('opened', 'in_progress')")),
        # time to access reads it alone
        Index(
            "ix_links_times", "agency_id", "created_at",
            postgresql_include=["opened_at", "submitted_at", "completed_at", "preset"],
        ),
    )  # fmt: skip

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("link"), primary_key=True)
    client_id: Mapped[str] = mapped_column(ids.Id("client"))
    external_id: Mapped[str | None] = mapped_column(String(200))
    preset: Mapped[str] = mapped_column(String(64))
    preset_version: Mapped[int]
    #: name of the person who asks, shown to the client
    requested_by: Mapped[str] = mapped_column(String(120))
    #: of its pages and e-mails, if the agency chose one
    language: Mapped[str | None] = mapped_column(String(16))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    token_encrypted: Mapped[bytes]
    status: Mapped[str] = mapped_column(String(16), default="draft")
    expires_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    #: last time that the client left it unfinished
    abandoned_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    renewal_requested_at: Mapped[datetime | None]
    #: last time the client was needed again after a consent: more was requested, or access is gone
    needed_again_at: Mapped[datetime | None]
    #: first time the client asked for its personal data to be erased, and time at which they were
    erasure_requested_at: Mapped[datetime | None]
    personal_data_erased_at: Mapped[datetime | None]
    #: place in the agency's pipeline, `status.Pipeline`; `next_actor_since` is the start of the actor's turn
    stage: Mapped[str] = mapped_column(String(24), default="draft")
    next_actor: Mapped[str | None] = mapped_column(String(16))
    next_actor_since: Mapped[datetime | None]
    open_count: Mapped[int] = mapped_column(default=0)
    done_count: Mapped[int] = mapped_column(default=0)
    #: public link that created it
    public_link_id: Mapped[str | None] = mapped_column(ids.Id("publiclink"))
    #: CRM id from the public link's address: claimed by the visitor, not verified
    claimed_external_id: Mapped[str | None] = mapped_column(String(200))
    #: the member who looks after it; may have left
    owner_member_id: Mapped[str | None] = mapped_column(ids.Id("member"))
    #: days of a turn of the client on which it is reminded, and its time zone; None: as of the agency
    reminder_days: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    #: reminders sent in the turn that began at `reminded_turn`, and time at which the client asked for no more
    reminders_sent: Mapped[int] = mapped_column(SmallInteger, default=0, server_default=text("0"))
    reminded_turn: Mapped[datetime | None]
    reminders_ended_at: Mapped[datetime | None]

    @property
    def erase_by(self) -> date | None:
        """Day by which the agency answers the client's request: one month after it (GDPR, Article 12)."""
        asked = self.erasure_requested_at
        if asked is None:
            return None
        year, month = asked.year + asked.month // 12, asked.month % 12 + 1
        return date(year, month, min(asked.day, monthrange(year, month)[1]))

    @property
    def awaits_erasure(self) -> bool:
        """True if the client asked for its personal data to be erased, and they were not."""
        return self.erasure_requested_at is not None and self.personal_data_erased_at is None


class LinkPlatform(Base):
    """One platform of a link: its lane, and the accounts of both sides between which access is shared."""

    __tablename__ = "link_platforms"
    __audit__ = Audit(
        "link_platform",
        only=(
            "link_id", "platform", "lane", "agency_account_id", "client_account_id", "client_account_name", "unused_at",
        ),
        personal=("client_account_name",),
    )  # fmt: skip
    __table_args__ = (
        belongs_to("links", "link_id"),
        ForeignKeyConstraint(
            ["agency_id", "platform", "own_version"],
            ["own_platforms.agency_id", "own_platforms.key", "own_platforms.version"],
        ),
        CheckConstraint(f"lane IN {LANES}", name="lane"),
        Index("ix_link_platforms_client_account_id", "agency_id", "client_account_id"),
    )

    agency_id: Mapped[str] = agency_key()
    link_id: Mapped[str] = mapped_column(ids.Id("link"), primary_key=True)
    platform: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: version of an own platform of the agency, with which the link was made
    own_version: Mapped[int | None]
    #: its place on the client's way
    position: Mapped[int]
    #: `connected` or `guided`, once the client has chosen; may change at any time
    lane: Mapped[str | None] = mapped_column(String(16))
    #: the agency's account that gets the access; null on a manual platform
    agency_account_id: Mapped[str | None] = mapped_column(String(64))
    #: the client's account that shares it, once chosen
    client_account_id: Mapped[str | None] = mapped_column(String(64))
    client_account_name: Mapped[str | None] = mapped_column(String(200))
    #: the client's pixel codes, requested or not
    pixel_codes: Mapped[list[Any] | None]
    #: the client's public profile, as it says that it linked it: `{"handle", "login", "code", "said_at"}`
    linked_profile: Mapped[dict[str, Any] | None]
    #: time at which the client said that it does not use the platform
    unused_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    @property
    def is_manual(self) -> bool:
        """True for a manual platform: people confirm the access, nothing is read."""
        return self.agency_account_id is None

    @property
    def is_connected(self) -> bool:
        """True in the connected lane: the client's authorization shares and reads."""
        return self.lane == "connected"


class AccessRequest(CreatedAt, Base):
    """One access wanted, of one asset once the client has chosen it. `status` is the last projection."""

    __tablename__ = "access_requests"
    __audit__ = Audit(
        "access_request",
        only=(
            "link_id", "platform", "kind", "role", "role_reason", "reason", "required", "person_email", "attested_at",
            "attested_by", "unwanted_at",
        ),
        personal=("person_email", "attested_by"),
    )  # fmt: skip
    __table_args__ = (
        ForeignKeyConstraint(
            ["agency_id", "link_id", "platform"],
            ["link_platforms.agency_id", "link_platforms.link_id", "link_platforms.platform"],
        ),
        CheckConstraint(f"status IN {ACCESS_STATUSES}", name="status"),
        CheckConstraint(f"next_actor IN {TURNS}", name="next_actor"),
        CheckConstraint("seen_by IN ('agency', 'client')", name="seen_by"),
        # a search for assets reads it alone
        Index("ix_access_requests_link_id", "agency_id", "link_id", postgresql_include=["asset_name", "asset_id"]),
        Index("ix_access_requests_code", "agency_id", "code", postgresql_where=text("code IS NOT NULL")),
        Index(
            "uq_access_requests_asset",
            "agency_id",
            "link_id",
            "platform",
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
    #: role requested first, and the reason for another role requested later
    role_first: Mapped[str | None] = mapped_column(String(32))
    role_reason: Mapped[str | None] = mapped_column(String(500))
    #: the pixel must have received events to be proved
    needs_events: Mapped[bool] = mapped_column(default=False, server_default="false")
    #: address of a person of the agency that an access request of kind `person` invites
    person_email: Mapped[str | None] = mapped_column(String(254))
    required: Mapped[bool]
    position: Mapped[int]
    asset_id: Mapped[str | None] = mapped_column(String(64))
    #: ad account of a pixel
    parent_asset_id: Mapped[str | None] = mapped_column(String(64))
    asset_name: Mapped[str | None] = mapped_column(String(200))
    approved_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    attested_at: Mapped[datetime | None]
    attested_by: Mapped[str | None] = mapped_column(String(200))
    #: manual platforms: time and name of the client's statement that the steps are done
    client_attested_at: Mapped[datetime | None]
    client_attested_by: Mapped[str | None] = mapped_column(String(200))
    #: the agency's own steps, for platform `other`
    steps: Mapped[list[Any] | None]
    #: last manual recheck: calls refused before it are tried again
    recheck_at: Mapped[datetime | None]
    #: time of a permitted request to lower a role that is higher than agreed
    reduce_at: Mapped[datetime | None]
    #: time of the agency's request to remove the access
    unwanted_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(String(24), default="waiting", server_default="waiting")
    status_since: Mapped[datetime] = mapped_column(server_default=func.now())
    code: Mapped[str | None] = mapped_column(String(48))
    next_actor: Mapped[str | None] = mapped_column(String(16))
    role_seen: Mapped[str | None] = mapped_column(String(32))
    #: token with which it was read: `agency` or `client`
    seen_by: Mapped[str | None] = mapped_column(String(16))
    #: account that shares the access, if it is not the one the client gave
    shared_from_account_id: Mapped[str | None] = mapped_column(String(64))
    #: first time the client's own list showed the share that the agency has to accept
    listed_at: Mapped[datetime | None]
    #: the platform's answer about the blocker: operation, code, message, and request id for its support
    platform_operation: Mapped[str | None] = mapped_column(String(64))
    platform_code: Mapped[int | None]
    platform_message: Mapped[str | None] = mapped_column(String(2000))
    platform_request_id: Mapped[str | None] = mapped_column(String(128))
    verified_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    @property
    def asset_kind(self) -> AssetKind:
        """Its kind with the platform's declarations."""
        return declarations.find(self.platform, self.kind)

    @property
    def is_manual(self) -> bool:
        """True if it is of a manual platform: people confirm it, no handshake."""
        return self.kind == CUSTOM

    @property
    def is_chosen(self) -> bool:
        """True if the client can agree to it: it has an asset, or is of a manual platform."""
        return self.asset_id is not None or self.is_manual

    @property
    def lacks_choice(self) -> bool:
        """True if it is required and the client has not chosen its asset."""
        return self.required and not self.is_chosen and self.status == "waiting"

    @property
    def awaits_yes(self) -> bool:
        """True if a consent now would include it: chosen, and neither agreed to nor declined."""
        return self.is_chosen and self.approved_at is None and self.declined_at is None

    @property
    def why(self) -> message.Text:
        """Reason for the role, as the client reads it."""
        return builtin.words(self.role_reason or self.reason)

    @property
    def wider_than_usual(self) -> bool:
        """True if it requests full control."""
        return self.role == WIDE


class AccessRequestColumns(TypedDict, total=False):
    """Columns of an access request that change with its status."""

    code: str | None
    approved_at: datetime | None
    declined_at: datetime | None
    attested_at: datetime | None
    attested_by: str | None
    client_attested_at: datetime | None
    client_attested_by: str | None
    recheck_at: datetime | None
    reduce_at: datetime | None
    unwanted_at: datetime | None
    verified_at: datetime | None
    listed_at: datetime | None
    role_seen: str | None
    seen_by: str | None
    shared_from_account_id: str | None
    platform_operation: str | None
    platform_code: int | None
    platform_message: str | None
    platform_request_id: str | None


class Intake(Base):
    """Client's answers on one link, saved screen by screen."""

    __tablename__ = "intakes"
    __table_args__ = (belongs_to("links", "id"),)

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("link"), primary_key=True)
    #: ISO 3166 alpha-2 country codes
    markets: Mapped[list[Any] | None]
    #: `[{"role": "approver|billing|technical", "name": …, "email": …}]`
    contacts: Mapped[list[Any] | None]
    contacts_at: Mapped[datetime | None]
    #: the screens completed so far, each reported once
    screens_completed: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
    #: time at which the client completed the manual platforms; its ids are in the access requests
    others_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class Consent(Base):
    """The client's consent: the exact sentences shown, their locale and messages, and the name given."""

    __tablename__ = "consents"
    __table_args__ = (belongs_to("links", "link_id"),)

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("consent"), primary_key=True)
    link_id: Mapped[str] = mapped_column(ids.Id("link"))
    #: None after it was erased
    name: Mapped[str | None] = mapped_column(String(200))
    #: tag of the language in which they were shown
    locale: Mapped[str] = mapped_column(String(16))
    #: as they were rendered
    sentences: Mapped[list[Any]]
    #: the message of each sentence, with its values; null for a sentence of the agency's own
    messages: Mapped[list[Any]]
    given_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AccessReview(CreatedAt, Base):
    """The client's statement, by name, that the access of a link is still right."""

    __tablename__ = "access_reviews"
    __table_args__ = (belongs_to("links", "link_id"), Index("ix_access_reviews_link_id", "agency_id", "link_id", "id"))

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("review"), primary_key=True)
    link_id: Mapped[str] = mapped_column(ids.Id("link"))
    #: of the consent; None after it was erased
    name: Mapped[str | None] = mapped_column(String(200))


class StepLink(CreatedAt, Base):
    """A secret address for one step of a link: what one platform needs is done by somebody else of the client."""

    __tablename__ = "step_links"
    __audit__ = Audit(
        "step_link",
        only=("link_id", "platform", "person", "expires_at", "opened_at", "revoked_at"),
        personal=("person",),
    )
    __table_args__ = (belongs_to("links", "link_id"), Index("ix_step_links_link_id", "agency_id", "link_id", "id"))

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("step"), primary_key=True)
    link_id: Mapped[str] = mapped_column(ids.Id("link"))
    #: the step: everything that this platform needs from the client before and after the consent
    platform: Mapped[str] = mapped_column(String(32))
    #: name of the person who does it, as the client typed it
    person: Mapped[str] = mapped_column(String(120))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    token_encrypted: Mapped[bytes]
    expires_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class LinkSession(CreatedAt, Base):
    """One browser in which the link was opened, identified by the SHA-256 of its cookie.

    Verified as the client's by the first personal answer, a code, or an authorization of its own. One that came by a
    step link never is.
    """

    __tablename__ = "link_sessions"
    __table_args__ = (
        belongs_to("links", "link_id"),
        belongs_to("step_links", "step_link_id"),
        UniqueConstraint("cookie_hash", "agency_id", "link_id"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("browser"), primary_key=True)
    link_id: Mapped[str] = mapped_column(ids.Id("link"))
    cookie_hash: Mapped[bytes]
    verified_at: Mapped[datetime | None]
    #: `devices.VerifiedBy`
    verified_by: Mapped[str | None] = mapped_column(String(16))
    #: the step link that it came by, and to whose step it is limited
    step_link_id: Mapped[str | None] = mapped_column(ids.Id("step"))
    #: a form that could not be saved: its `screen`, `fields` as they were sent, and `problems` by field
    draft: Mapped[dict[str, Any] | None]


class IntakeAnswer(Base):
    """One answer; empty if the client skipped the question."""

    __tablename__ = "intake_answers"
    __table_args__ = (belongs_to("links", "link_id"),)

    agency_id: Mapped[str] = agency_key()
    link_id: Mapped[str] = mapped_column(ids.Id("link"), primary_key=True)
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class IntakeFile(CreatedAt, Base):
    """One file submitted as an answer; its bytes are encrypted, bound to this row, and loaded only for a download."""

    __tablename__ = "intake_files"
    __table_args__ = (belongs_to("links", "link_id"), Index("ix_intake_files_link_id", "agency_id", "link_id"))

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("file"), primary_key=True)
    link_id: Mapped[str] = mapped_column(ids.Id("link"))
    key: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[bytes]
    content_encrypted: Mapped[bytes] = mapped_column(deferred=True, deferred_raiseload=True)


class DeviceCode(CreatedAt, Base):
    """A six-digit code: e-mailed to a client for one browser, or passed on by the agency for any browser."""

    __tablename__ = "device_codes"
    __table_args__ = (
        belongs_to("links", "link_id"),
        belongs_to("link_sessions", "browser_id"),
        Index("ix_device_codes_link_id", "agency_id", "link_id", "id"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("code"), primary_key=True)
    link_id: Mapped[str] = mapped_column(ids.Id("link"))
    #: browser that requested it; null if the agency created it
    browser_id: Mapped[str | None] = mapped_column(ids.Id("browser"))
    #: keyed hash, bound to this row
    code_hash: Mapped[str] = mapped_column(String(64))
    #: the masked address it was sent to
    sent_to: Mapped[str | None] = mapped_column(String(254))
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PublicLink(CreatedAt, Base):
    """A public address. It keeps the version of its preset, as a link does."""

    __tablename__ = "public_links"
    __audit__ = Audit("public_link", personal=("requested_by",), ignored=("uses",))
    __table_args__ = (belongs_to_agency(),)

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("publiclink"), primary_key=True)
    preset: Mapped[str] = mapped_column(String(64))
    preset_version: Mapped[int]
    #: of its pages and e-mails, if the agency chose one
    language: Mapped[str | None] = mapped_column(String(16))
    requested_by: Mapped[str] = mapped_column(String(120))
    #: the agency's accounts that get the access, by platform
    agency_account_ids: Mapped[dict[str, Any]]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    token_encrypted: Mapped[bytes]
    uses: Mapped[int] = mapped_column(default=0, server_default="0")
    most_uses: Mapped[int | None]
    most_per_hour: Mapped[int]
    expires_at: Mapped[datetime | None]
    #: nobody new starts while it is set
    paused_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class PublicLinkUse(CreatedAt, Base):
    """One use within the last hour, for the limits, and so that a form submitted twice creates one link.

    The network address is stored as a keyed hash, for at most one hour.
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
