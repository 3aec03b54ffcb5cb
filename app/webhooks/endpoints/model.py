"""Webhook endpoints and the secrets their deliveries are signed with."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, Made, agency_key, belongs_to, belongs_to_agency


class Endpoint(Made, Base):
    """Where an agency wants its events. Deleted softly, so that its deliveries can still be explained."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        belongs_to_agency(),
        CheckConstraint("payload_mode IN ('full', 'thin', 'flat')", name="payload_mode"),
        CheckConstraint("state IN ('active', 'disabled')", name="state"),
        CheckConstraint("timeout_ms BETWEEN 1000 AND 30000", name="timeout"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("endpoint"), primary_key=True)
    url: Mapped[str] = mapped_column(String(2048))
    description: Mapped[str] = mapped_column(String(500))
    #: names, `ask.*` or `*`
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
    headers_sealed: Mapped[bytes | None]
    details: Mapped[dict[str, Any]] = mapped_column("metadata")
    state: Mapped[Literal["active", "disabled"]] = mapped_column(String(16), server_default=text("'active'"))
    deleted_at: Mapped[datetime | None]


class EndpointSecret(Made, Base):
    """A signing secret. Those without `expires_at` or before it sign, the newest first."""

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
