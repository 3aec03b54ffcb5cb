"""Webhook endpoints, the secrets their deliveries are signed with, and how they have been doing."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to, belongs_to_agency

State = Literal["active", "pending_verification", "disabled"]
#: Whether it has to answer a challenge before anything is sent: nobody asked, it still has to, it did.
Verification = Literal["none", "wanted", "passed"]
Ordering = Literal["none", "by_subject"]
#: What an endpoint speaks: Standard Webhooks, or one of the destinations.
Destination = Literal["webhook", "slack", "hubspot", "http"]


class Endpoint(CreatedAt, Base):
    """Where an agency wants its events. Deleted softly, so that its deliveries can still be explained."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        belongs_to_agency(),
        CheckConstraint("payload_mode IN ('full', 'thin', 'flat')", name="payload_mode"),
        CheckConstraint("status IN ('active', 'pending_verification', 'disabled')", name="status"),
        CheckConstraint("timeout_ms BETWEEN 1000 AND 30000", name="timeout"),
        CheckConstraint("ordering IN ('none', 'by_subject')", name="ordering"),
        CheckConstraint("concurrency BETWEEN 1 AND 20", name="concurrency"),
        CheckConstraint("destination IN ('webhook', 'slack', 'hubspot', 'http')", name="destination"),
        CheckConstraint("verification IN ('none', 'wanted', 'passed')", name="verification"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("endpoint"), primary_key=True)
    url: Mapped[str] = mapped_column(String(2048))
    description: Mapped[str] = mapped_column(String(500))
    #: names, `access.*` or `*`
    event_types: Mapped[list[Any]]
    #: `{"link_id": …, "preset": …}`, each key optional; null lets everything through
    filter: Mapped[dict[str, Any] | None]
    payload_mode: Mapped[Literal["full", "thin", "flat"]] = mapped_column(String(8))
    #: whether bodies carry names and e-mail addresses
    personal: Mapped[bool]
    #: a policy's name or a list of delays in seconds
    retry_policy: Mapped[str | list[Any]] = mapped_column(JSONB)
    timeout_ms: Mapped[int]
    #: JSON object of custom headers, sealed
    headers_encrypted: Mapped[bytes | None]
    details: Mapped[dict[str, Any]] = mapped_column("metadata")
    status: Mapped[State] = mapped_column(String(24), server_default=text("'active'"))
    #: why it is not active: `user`, `gone`, `unsafe_url`, `failing`
    status_reason: Mapped[str | None] = mapped_column(String(32))
    #: since when deliveries are held because somebody said so
    paused_at: Mapped[datetime | None]
    #: `by_subject`: one delivery of a subject at a time, in the order of their sequence
    ordering: Mapped[Ordering] = mapped_column(String(16), server_default=text("'none'"))
    #: how many may be in flight at once
    concurrency: Mapped[int] = mapped_column(server_default=text("5"))
    #: `{"max": 10, "per_seconds": 1, "burst": 20}`; null: none
    rate_limit: Mapped[dict[str, Any] | None]
    destination: Mapped[Destination] = mapped_column(String(16), server_default=text("'webhook'"))
    #: JSON object of what a destination needs to know (tokens too), sealed
    options_encrypted: Mapped[bytes | None]
    #: kept apart from `status`, so that one disabled meanwhile still has to answer
    verification: Mapped[Verification] = mapped_column(String(16), server_default=text("'none'"))
    #: made by `/hooks`; such a one ends at its first 410
    hook: Mapped[bool] = mapped_column(server_default=text("false"))
    #: counts changes by people; its ETag
    version: Mapped[int] = mapped_column(server_default=text("1"))
    deleted_at: Mapped[datetime | None]


class EndpointSecret(CreatedAt, Base):
    """A signing secret. Those without `expires_at` or before it sign, the current one first."""

    __tablename__ = "webhook_secrets"
    __table_args__ = (
        belongs_to("webhook_endpoints", "endpoint_id"),
        Index("ix_webhook_secrets_endpoint", "agency_id", "endpoint_id"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("secret"), primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(ids.Id("endpoint"))
    sealed: Mapped[bytes]
    expires_at: Mapped[datetime | None]


class EndpointHealth(Base):
    """How an endpoint has been doing, kept by whoever sends; its id is the endpoint's. All counters start at none."""

    __tablename__ = "webhook_health"
    __table_args__ = (
        belongs_to("webhook_endpoints", "id"),
        CheckConstraint("breaker IN ('closed', 'open', 'half_open')", name="breaker"),
        {"postgresql_with": {"fillfactor": 50}},
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("endpoint"), primary_key=True)
    #: how many may be in flight while it is being spared; null: as many as the endpoint says
    lowered_to: Mapped[int | None]
    #: successes in a row since, fifty of which raise it by one
    good_since: Mapped[int] = mapped_column(server_default=text("0"))
    #: the receiver asked for silence (`Retry-After`)
    hold_until: Mapped[datetime | None]
    breaker: Mapped[Literal["closed", "open", "half_open"]] = mapped_column(String(16), server_default=text("'closed'"))
    open_until: Mapped[datetime | None]
    #: how often in a row it opened; each doubles the time
    openings: Mapped[int] = mapped_column(server_default=text("0"))
    #: how many may be in flight while it is half open
    probes: Mapped[int] = mapped_column(server_default=text("0"))
    #: connection failures and time-outs in a row
    unreachable: Mapped[int] = mapped_column(server_default=text("0"))
    #: the first failure since the last success, and what there was since
    failing_since: Mapped[datetime | None]
    failed_attempts: Mapped[int] = mapped_column(server_default=text("0"))
    exhausted: Mapped[int] = mapped_column(server_default=text("0"))
    last_failed_at: Mapped[datetime | None]
    last_code: Mapped[str | None] = mapped_column(String(64))
    last_event_id: Mapped[str | None] = mapped_column(ids.Id("evt"))
    #: how many notices went out since `failing_since`
    notices: Mapped[int] = mapped_column(server_default=text("0"))
    #: the first of the 410s, and of the forbidden addresses, that came in a row
    gone_since: Mapped[datetime | None]
    blocked_since: Mapped[datetime | None]
    blocked: Mapped[int] = mapped_column(server_default=text("0"))
    #: the bucket of `rate_limit`: what was in it, and when
    tokens: Mapped[float | None]
    tokens_at: Mapped[datetime | None]
