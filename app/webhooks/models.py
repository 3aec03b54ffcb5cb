"""Webhook endpoints, the secrets their deliveries are signed with, and how they have been doing."""

from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, String, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to, belongs_to_agency
from app.kit.jobs import JobMixin
from app.webhooks.message import DestinationType

EndpointStatus = Literal["active", "pending_verification", "disabled"]
#: Whether it has to answer a challenge before anything is sent: nobody asked, it still has to, it did.
Verification = Literal["none", "wanted", "passed"]
Ordering = Literal["none", "by_subject"]


class Endpoint(CreatedAt, Base):
    """Endpoint of an agency. Deleted softly, so that its deliveries can still be explained."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        belongs_to_agency(),
        CheckConstraint("payload_mode IN ('full', 'thin', 'flat')", name="payload_mode"),
        CheckConstraint("status IN ('active', 'pending_verification', 'disabled')", name="status"),
        CheckConstraint("timeout_ms BETWEEN 1000 AND 30000", name="timeout"),
        CheckConstraint("ordering IN ('none', 'by_subject')", name="ordering"),
        CheckConstraint("concurrency BETWEEN 1 AND 20", name="concurrency"),
        CheckConstraint(f"destination IN {get_args(DestinationType)}", name="destination"),
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
    #: JSON object of custom headers, encrypted
    headers_encrypted: Mapped[bytes | None]
    details: Mapped[dict[str, Any]] = mapped_column("metadata")
    status: Mapped[EndpointStatus] = mapped_column(String(24), server_default=text("'active'"))
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
    destination: Mapped[DestinationType] = mapped_column(String(16), server_default=text("'http'"))
    #: JSON object of the destination's options (tokens too), encrypted
    options_encrypted: Mapped[bytes | None]
    #: kept apart from `status`, so that one disabled meanwhile still has to answer
    verification: Mapped[Verification] = mapped_column(String(16), server_default=text("'none'"))
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
    secret_encrypted: Mapped[bytes]
    expires_at: Mapped[datetime | None]


class EndpointHealth(Base):
    """Health of an endpoint, written by the dispatcher; its id is the endpoint's. All counters start at none."""

    __tablename__ = "webhook_health"
    __table_args__ = (
        belongs_to("webhook_endpoints", "id"),
        CheckConstraint("breaker IN ('closed', 'open', 'half_open')", name="breaker"),
        {"postgresql_with": {"fillfactor": 50}},
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("endpoint"), primary_key=True)
    #: how many may be in flight while it is being spared; null: as many as the endpoint says
    reduced_concurrency: Mapped[int | None]
    #: successes in a row since, fifty of which raise it by one
    successes_since_reduction: Mapped[int] = mapped_column(server_default=text("0"))
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


#: States in which something will still happen. By name, not as what is left when the others are taken away: an endpoint
#: may have millions that are over, and the index by status finds the few that are not.
OPEN = ("pending", "retrying")
#: States in which nothing more will happen by itself.
TERMINAL = ("succeeded", "exhausted", "cancelled", "skipped")
DeliveryStatus = Literal["pending", "retrying", "succeeded", "exhausted", "cancelled", "skipped"]


class WebhookBody(Base):
    """An event's body in one payload mode, rendered once and shared; dropped by the month."""

    __tablename__ = "webhook_bodies"
    __table_args__ = (belongs_to_agency(), {"postgresql_partition_by": "RANGE (created_at)"})

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("body"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(ids.Id("evt"))
    mode: Mapped[str] = mapped_column(String(8))
    personal: Mapped[bool]
    truncated: Mapped[bool]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)


class Delivery(JobMixin, CreatedAt, Base):
    """One event on its way to one endpoint. While its lease runs it is in flight.

    Due in order of `due_at`; null: nothing is due (it is over, or waits for an earlier one of its subject).
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        belongs_to("webhook_endpoints", "endpoint_id"),
        belongs_to("events", "event_id"),
        belongs_to("webhook_replays", "replay_id"),
        CheckConstraint(f"status IN {get_args(DeliveryStatus)}", name="status"),
        CheckConstraint("origin IN ('event', 'test')", name="origin"),
        CheckConstraint("slot_class IN ('new', 'retry')", name="slot_class"),
        UniqueConstraint("agency_id", "event_id", "endpoint_id", name="uq_webhook_deliveries_event"),
        # whose turn it is: an endpoint's due deliveries, first attempts apart from the rest, the oldest first
        Index(
            "ix_webhook_deliveries_lane", "agency_id", "endpoint_id", "slot_class", "due_at",
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_webhook_deliveries_endpoint", "agency_id", "endpoint_id", "id"),
        Index("ix_webhook_deliveries_endpoint_status", "agency_id", "endpoint_id", "status", "id"),
        Index(
            "ix_webhook_deliveries_undelivered", "agency_id", "status", "id",
            postgresql_where=text("status IN ('exhausted', 'cancelled', 'skipped')"),
        ),
        Index(
            "ix_webhook_deliveries_order", "agency_id", "endpoint_id", "subject_id", "sequence",
            postgresql_where=text("ordered AND status IN ('pending', 'retrying')"),
        ),
        # open and not due: it waits for its turn, or was forgotten
        Index(
            "ix_webhook_deliveries_waiting", "agency_id", "id",
            postgresql_where=text("due_at IS NULL AND status IN ('pending', 'retrying')"),
        ),
        Index(
            "ix_webhook_deliveries_replay", "agency_id", "replay_id",
            postgresql_where=text("replay_id IS NOT NULL"),
        ),
        # room on each page, so that a claim, which changes no index, stays on it
        {"postgresql_with": {"fillfactor": 70}},
    )  # fmt: skip

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("delivery"), primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(ids.Id("endpoint"))
    event_id: Mapped[str] = mapped_column(ids.Id("evt"))
    event_type: Mapped[str] = mapped_column(String(128))
    subject_id: Mapped[str] = mapped_column(String(128))
    sequence: Mapped[int] = mapped_column(BigInteger)
    #: `event`: made by fan-out or a replay; `test`: asked for by a person
    origin: Mapped[str] = mapped_column(String(16), server_default=text("'event'"))
    status: Mapped[DeliveryStatus] = mapped_column(String(16), server_default=text("'pending'"))
    #: class of the slots it takes: those of new deliveries, or those of retries and replays
    slot_class: Mapped[Literal["new", "retry"]] = mapped_column(String(8), server_default=text("'new'"))
    #: its endpoint wants one delivery of a subject at a time
    ordered: Mapped[bool] = mapped_column(server_default=text("false"))
    #: the replay that sent it anew
    replay_id: Mapped[str | None] = mapped_column(ids.Id("replay"))
    #: why it is in this status
    reason: Mapped[str | None] = mapped_column(String(64))
    #: a body lies in a partition: both are needed to find it, and no constraint holds it
    body_id: Mapped[str] = mapped_column(ids.Id("body"))
    body_created_at: Mapped[datetime]
    attempt_count: Mapped[int] = mapped_column(server_default=text("0"))
    #: attempts since it was last requeued, by a retry or a replay
    attempts_since_requeue: Mapped[int] = mapped_column(server_default=text("0"))
    last_code: Mapped[str | None] = mapped_column(String(64))
    first_attempt_at: Mapped[datetime | None]
    last_attempt_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class Attempt(Base):
    """One HTTP request that left, or was refused before leaving. Dropped by the month.

    Written by whoever held its delivery, in one transaction with it, and pruned with it: a constraint would have every
    row looked up and its delivery locked once more.
    """

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        Index("ix_webhook_attempts_delivery", "agency_id", "delivery_id", "id"),
        Index("ix_webhook_attempts_endpoint", "agency_id", "endpoint_id", "id"),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("attempt"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(primary_key=True, server_default=func.now())
    delivery_id: Mapped[str] = mapped_column(ids.Id("delivery"))
    endpoint_id: Mapped[str] = mapped_column(ids.Id("endpoint"))
    number: Mapped[int]
    #: which of several requests, where a destination makes more than one
    part: Mapped[str | None] = mapped_column(String(64))
    #: its lease had run out or been taken away: it left, but decided nothing
    late: Mapped[bool]
    arrived: Mapped[bool]
    code: Mapped[str] = mapped_column(String(64))
    explanation: Mapped[str] = mapped_column(Text)
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any]]
    body: Mapped[str] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(String(45))
    tls: Mapped[str | None] = mapped_column(String(16))
    dns_ms: Mapped[int | None]
    connect_ms: Mapped[int | None]
    first_byte_ms: Mapped[int | None]
    total_ms: Mapped[int]
    worker: Mapped[str] = mapped_column(String(64))


class PeriodicTask(JobMixin, Base):
    """A chore that is due again a while after it was done. It serves every agency."""

    __tablename__ = "webhook_tasks"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: up to when it is done, where it goes through something in order of time
    reached: Mapped[datetime | None]


ReplaySelect = Literal["failed", "missing", "skipped", "all"]


class Replay(JobMixin, CreatedAt, Base):
    """Queues what it names a little at a time, so that it neither floods the endpoint nor is lost with its worker."""

    __tablename__ = "webhook_replays"
    __table_args__ = (
        belongs_to("webhook_endpoints", "endpoint_id"),
        CheckConstraint("selected IN ('failed', 'missing', 'skipped', 'all')", name="selected"),
        CheckConstraint("status IN ('running', 'completed', 'cancelled')", name="status"),
        Index("ix_webhook_replays_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("replay"), primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(ids.Id("endpoint"))
    selected: Mapped[ReplaySelect] = mapped_column(String(16))
    #: events that happened from `since` (included) to `until` (not included)
    since: Mapped[datetime]
    until: Mapped[datetime]
    event_types: Mapped[list[Any]]
    subject_ids: Mapped[list[Any]]
    rate_per_second: Mapped[int]
    status: Mapped[Literal["running", "completed", "cancelled"]] = mapped_column(
        String(16), server_default=text("'running'")
    )
    #: how many it found when it was asked for, and how many it has queued so far
    matched: Mapped[int]
    queued: Mapped[int] = mapped_column(server_default=text("0"))
    #: how far it has come in the feed of events
    last_transaction_id: Mapped[int | None] = mapped_column(BigInteger)
    last_event_id: Mapped[str | None] = mapped_column(ids.Id("evt"))
    actor: Mapped[str] = mapped_column(String(64))
    ended_at: Mapped[datetime | None]
