"""Tables of connections, invitations to connect, and authorizations."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, Index, String, func, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import clock, ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to, belongs_to_agency
from app.kit.jobs import JobMixin


class Connection(JobMixin, CreatedAt, Base):
    """OAuth authorization of a client or the agency, with its token. Due: the token is to be revoked or replaced."""

    __tablename__ = "connections"
    __table_args__ = (
        belongs_to_agency(),
        belongs_to("links", "link_id"),
        belongs_to("clients", "client_id"),
        belongs_to("link_sessions", "browser_id"),
        CheckConstraint("side IN ('client', 'agency')", name="side"),
        CheckConstraint("status IN ('live', 'dead', 'revoked')", name="status"),
        CheckConstraint("(status = 'revoked') = (token_encrypted IS NULL)", name="revoked_token_is_gone"),
        CheckConstraint("status <> 'revoked' OR refresh_token_encrypted IS NULL", name="refresh_token_is_gone"),
        CheckConstraint("(side = 'client') = (client_id IS NOT NULL)", name="client_side_has_client"),
        Index("ix_connections_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_connections_client", "agency_id", "client_id", "status"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("connection"), primary_key=True)
    platform: Mapped[str] = mapped_column(String(32))
    side: Mapped[str] = mapped_column(String(8))
    client_id: Mapped[str | None] = mapped_column(ids.Id("client"))
    link_id: Mapped[str | None] = mapped_column(ids.Id("link"))
    #: browser of the client in which it was made
    browser_id: Mapped[str | None] = mapped_column(ids.Id("browser"))
    status: Mapped[str] = mapped_column(String(8), default="live")
    token_encrypted: Mapped[bytes | None]
    #: end of the token's life; null if it lasts until it is revoked
    token_expires_at: Mapped[datetime | None]
    refresh_token_encrypted: Mapped[bytes | None]
    #: time from which the token is to be replaced; null if it cannot be
    refresh_at: Mapped[datetime | None]
    #: time from which the token is to be revoked; null for the agency's own until it is ended
    revoke_at: Mapped[datetime | None]
    #: the app that holds the token; only it can revoke it
    app_id: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[Any]]
    #: name of the person who authorized, from the platform; None if it tells none
    person: Mapped[str | None] = mapped_column(String(200))
    #: assets at the last read: `DiscoveredAssets` as JSON
    found: Mapped[dict[str, Any]]
    found_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]

    @hybrid_property
    def is_usable(self) -> bool:
        """True if calls may use its token. Not once the revocation is due, even while the platform refuses it."""
        return self.status == "live" and (self.revoke_at is None or self.revoke_at > clock.now())

    @is_usable.inplace.expression
    @classmethod
    def _is_usable(cls) -> ColumnElement[bool]:
        return (cls.status == "live") & (cls.revoke_at.is_(None) | (cls.revoke_at > func.now()))


class Invitation(CreatedAt, Base):
    """One-time address at which a member connects the agency's own side."""

    __tablename__ = "connect_invitations"
    __table_args__ = (belongs_to_agency(),)

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("invitation"), primary_key=True)
    platform: Mapped[str] = mapped_column(String(32))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Authorization(CreatedAt, Base):
    """One authorization, from the redirect to the consent page until the return.

    Looked up by hashes. The encrypted code is kept for minutes only.
    """

    __tablename__ = "authorizations"
    __table_args__ = (
        belongs_to_agency(),
        belongs_to("links", "link_id"),
        belongs_to("connect_invitations", "invitation_id"),
        CheckConstraint("(link_id IS NULL) <> (invitation_id IS NULL)", name="one_purpose"),
        Index("ix_authorizations_link_id", "agency_id", "link_id"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("auth"), primary_key=True)
    platform: Mapped[str] = mapped_column(String(32))
    link_id: Mapped[str | None] = mapped_column(ids.Id("link"))
    invitation_id: Mapped[str | None] = mapped_column(ids.Id("invitation"))
    state_hash: Mapped[bytes] = mapped_column(unique=True)
    cookie_hash: Mapped[bytes]
    #: the agency's domain at which it began, which has the browser's cookie; None: the installation's own host
    domain: Mapped[str | None] = mapped_column(String(253))
    expires_at: Mapped[datetime]
    consumed_at: Mapped[datetime | None]
    handle_hash: Mapped[bytes | None] = mapped_column(unique=True)
    handle_expires_at: Mapped[datetime | None]
    code_encrypted: Mapped[bytes | None]
    #: PKCE code verifier, where the platform uses PKCE
    code_verifier_encrypted: Mapped[bytes | None]
    exchanged_at: Mapped[datetime | None]
    #: outcome of the return: `token_exchange.ExchangeOutcome`
    outcome: Mapped[str | None] = mapped_column(String(16))
