"""Tables of members, the people of an agency who sign in: their sessions and invitations, and the code of the first."""

from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import BigInteger, CheckConstraint, Index, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.actor import Actor
from app.kit.audit import Audit
from app.kit.database import Base, CreatedAt, agency_key, belongs_to, belongs_to_agency

Role = Literal["owner", "manager", "member", "viewer"]
#: From the most to the least: each may do all that those after it may.
ROLES: tuple[Role, ...] = get_args(Role)
_KNOWN = f"role IN {ROLES}"
#: How a session was opened: with the password, at an OpenID provider, with a one-time address, or with a passkey.
Proof = Literal["password", "provider", "address", "passkey"]
PROOFS: tuple[Proof, ...] = get_args(Proof)
#: What was wrong in a refused attempt to sign in.
Factor = Literal["password", "code", "passkey"]


class Member(CreatedAt, Base):
    """A person of one agency. The same e-mail address may belong to members of several agencies."""

    __tablename__ = "members"
    __audit__ = Audit(
        "member", personal=("name", "email"), ignored=("totp_last_step", "last_used_at", "notices_off", "digest")
    )
    __table_args__ = (
        belongs_to_agency(),
        CheckConstraint(_KNOWN, name="role"),
        Index("uq_members_email", "agency_id", "email", unique=True, postgresql_where=text("removed_at IS NULL")),
        Index("ix_members_email", "email", postgresql_where=text("removed_at IS NULL")),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("member"), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    #: in lower case, as it is compared
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[Role] = mapped_column(String(8))
    #: Argon2id, with its parameters; None for a member who signs in by passkey or at a provider only
    password_hash: Mapped[str | None] = mapped_column(String(255))
    #: shared with the member's authenticator app; it counts from `totp_enabled_at` on
    totp_secret_encrypted: Mapped[bytes | None]
    totp_enabled_at: Mapped[datetime | None]
    #: the time step of the last accepted code, so that no code is accepted twice
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)
    #: keyed hashes of the recovery codes that were not used yet
    recovery_codes_hash: Mapped[list[str]] = mapped_column(ARRAY(String(64)), server_default=text("'{}'"), default=list)
    #: the last use of a session, kept when the session has ended
    last_used_at: Mapped[datetime | None]
    #: the last attempt to sign in as the member that was refused, and with what: for the audit log
    sign_in_failed_at: Mapped[datetime | None]
    sign_in_failed_with: Mapped[Factor | None] = mapped_column(String(8))
    #: kinds of notices that the member does not want, and whether one e-mail a day replaces them all
    notices_off: Mapped[list[str]] = mapped_column(ARRAY(String(16)), server_default=text("'{}'"), default=list)
    digest: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    #: kept, because events and the audit log name the member
    removed_at: Mapped[datetime | None]

    @property
    def actor(self) -> Actor:
        """The member as events, platform calls and the audit log name it."""
        return Actor("member", self.id)


class MemberSession(CreatedAt, Base):
    """A browser in which a member is signed in, or is between password and code, by the hash of its cookie."""

    __tablename__ = "member_sessions"
    __audit__ = Audit("member_session", only=("member_id", "awaits_code", "proof"))
    __table_args__ = (
        belongs_to("members", "member_id"),
        CheckConstraint(f"proof IN {PROOFS}", name="proof"),
        Index("ix_member_sessions_member", "agency_id", "member_id"),
        Index("ix_member_sessions_expires_at", "expires_at"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("session"), primary_key=True)
    member_id: Mapped[str] = mapped_column(ids.Id("member"))
    cookie_hash: Mapped[bytes] = mapped_column(unique=True)
    user_agent: Mapped[str] = mapped_column(String(256))
    network_address: Mapped[str] = mapped_column(String(64))
    #: the second factor is not given yet: it signs nobody in
    awaits_code: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    #: by which it was opened
    proof: Mapped[Proof] = mapped_column(String(8))
    #: the last time the member proved who uses the browser
    authenticated_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class MemberInvitation(CreatedAt, Base):
    """A one-time address at which somebody becomes a member, or a member signs in without the password."""

    __tablename__ = "member_invitations"
    __audit__ = Audit("member_invitation", personal=("email",), ignored=("made_by_id",))
    __table_args__ = (
        belongs_to_agency(),
        belongs_to("members", "member_id"),
        belongs_to("members", "made_by_id"),
        CheckConstraint(_KNOWN, name="role"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("member_invitation"), primary_key=True)
    #: None if the person enters it
    email: Mapped[str | None] = mapped_column(String(254))
    role: Mapped[Role] = mapped_column(String(8))
    #: the member who signs in with it; None for somebody new
    member_id: Mapped[str | None] = mapped_column(ids.Id("member"))
    #: the member who made it: it ends with their role; None for a command
    made_by_id: Mapped[str | None] = mapped_column(ids.Id("member"))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class SetupCode(CreatedAt, Base):
    """The one-time code with which the first agency and its owner are made. It belongs to no agency yet."""

    __tablename__ = "setup_codes"

    code_hash: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
