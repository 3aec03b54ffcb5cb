"""Tables of webhooks: endpoints, signing secrets, health, bodies, deliveries, attempts, periodic tasks and replays."""

from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, String, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.actor import ActorColumns
from app.kit.audit import Audit
from app.kit.database import Base, CreatedAt, agency_key, belongs_to, belongs_to_agency
from app.kit.jobs import JobMixin
from app.webhooks.message import DestinationType

EndpointStatus = Literal["active", "pending_verification", "disabled"]
#: Verification by a challenge: not required, required, passed.
Verification = Literal["none", "wanted", "passed"]
Ordering = Literal["none", "by_subject"]


class Endpoint(CreatedAt, Base):
    """Endpoint of an agency. Deletion is soft, because deliveries refer to it."""

    __tablename__ = "webhook_endpoints"
    __audit__ = Audit("endpoint", ignored=("version",))
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
    #: `{"link_id": …, "preset": …}`, each key optional; null: no filter
    filter: Mapped[dict[str, Any] | None]
    payload_mode: Mapped[Literal["full", "thin", "flat"]] = mapped_column(String(8))
    #: bodies contain personal data
    personal: Mapped[bool]
    #: version of its bodies; null where only Keyturn reads them, always in the newest
    api_version: Mapped[str | None] = mapped_column(String(16))
    #: a policy's name or a list of delays in seconds
    retry_policy: Mapped[str | list[Any]] = mapped_column(JSONB)
    timeout_ms: Mapped[int]
    #: JSON object of custom headers, encrypted
    headers_encrypted: Mapped[bytes | None]
    details: Mapped[dict[str, Any]] = mapped_column("metadata")
    status: Mapped[EndpointStatus] = mapped_column(String(24), server_default=text("'active'"))
    #: reason if not active: `user`, `gone`, `unsafe_url`, `failing`
    status_reason: Mapped[str | None] = mapped_column(String(32))
    #: start of the pause
    paused_at: Mapped[datetime | None]
    #: `by_subject`: one delivery of a subject at a time, in the order of their sequence
    ordering: Mapped[Ordering] = mapped_column(String(16), server_default=text("'none'"))
    #: maximum number of deliveries in flight
    concurrency: Mapped[int] = mapped_column(server_default=text("5"))
    #: `{"max": 10, "per_seconds": 1, "burst": 20}`; null: none
    rate_limit: Mapped[dict[str, Any] | None]
    destination: Mapped[DestinationType] = mapped_column(String(16), server_default=text("'http'"))
    #: JSON object of the destination's options (tokens too), encrypted
    options_encrypted: Mapped[bytes | None]
    #: separate from `status`, so that a disabled endpoint still has to be verified
    verification: Mapped[Verification] = mapped_column(String(16), server_default=text("'none'"))
    #: number of changes by people; its ETag
    version: Mapped[int] = mapped_column(server_default=text("1"))
    deleted_at: Mapped[datetime | None]


class EndpointSecret(CreatedAt, Base):
    """Signing secret, valid until `expires_at`; the current one has none."""

    __tablename__ = "webhook_secrets"
    __audit__ = Audit("endpoint_secret")
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
    """Health of an endpoint, written by the dispatcher; its id is that of the endpoint."""

    __tablename__ = "webhook_health"
    __table_args__ = (
        belongs_to("webhook_endpoints", "id"),
        CheckConstraint("breaker IN ('closed', 'open', 'half_open')", name="breaker"),
        {"postgresql_with": {"fillfactor": 50}},
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("endpoint"), primary_key=True)
    #: maximum in flight after 429, 502 or 504; null: that of the endpoint
    reduced_concurrency: Mapped[int | None]
    #: consecutive successes since; 50 raise it by one
    successes_since_reduction: Mapped[int] = mapped_column(server_default=text("0"))
    #: end of the hold that the receiver asked for (`Retry-After`)
    hold_until: Mapped[datetime | None]
    breaker: Mapped[Literal["closed", "open", "half_open"]] = mapped_column(String(16), server_default=text("'closed'"))
    open_until: Mapped[datetime | None]
    #: consecutive openings; each doubles the time
    openings: Mapped[int] = mapped_column(server_default=text("0"))
    #: maximum in flight while half open
    probes: Mapped[int] = mapped_column(server_default=text("0"))
    #: consecutive connection failures and timeouts
    unreachable: Mapped[int] = mapped_column(server_default=text("0"))
    #: first failure since the last success, and failures since
    failing_since: Mapped[datetime | None]
    failed_attempts: Mapped[int] = mapped_column(server_default=text("0"))
    exhausted: Mapped[int] = mapped_column(server_default=text("0"))
    last_failed_at: Mapped[datetime | None]
    last_code: Mapped[str | None] = mapped_column(String(64))
    last_event_id: Mapped[str | None] = mapped_column(ids.Id("evt"))
    #: notices sent since `failing_since`
    notices: Mapped[int] = mapped_column(server_default=text("0"))
    #: start of consecutive 410s, and of consecutive forbidden addresses
    gone_since: Mapped[datetime | None]
    blocked_since: Mapped[datetime | None]
    blocked: Mapped[int] = mapped_column(server_default=text("0"))
    #: token bucket of `rate_limit`: tokens at a time
    tokens: Mapped[float | None]
    tokens_at: Mapped[datetime | None]


#: Open statuses. Listed by name, not as the complement of ended ones: an endpoint may have millions of ended
#: deliveries, and the index by status finds the few open ones.
OPEN = ("pending", "retrying")
#: Ended statuses.
TERMINAL = ("succeeded", "exhausted", "cancelled", "skipped")
DeliveryStatus = Literal["pending", "retrying", "succeeded", "exhausted", "cancelled", "skipped"]


class WebhookBody(Base):
    """Body of an event in one payload mode, rendered once and shared. Partitioned by month."""

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
    """Delivery of one event to one endpoint. It is in flight while its lease is valid.

    Deliveries are due in order of `due_at`; null: not due (ended, or waiting for an earlier one of its subject).
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
        # queues: due deliveries of an endpoint by slot class, the oldest first
        Index(
            "ix_webhook_deliveries_queue", "agency_id", "endpoint_id", "slot_class", "due_at",
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
        # open and not due: waits for its turn, or is stuck
        Index(
            "ix_webhook_deliveries_waiting", "agency_id", "id",
            postgresql_where=text("due_at IS NULL AND status IN ('pending', 'retrying')"),
        ),
        Index(
            "ix_webhook_deliveries_replay", "agency_id", "replay_id",
            postgresql_where=text("replay_id IS NOT NULL"),
        ),
        # free space on each page for claims, which change no index
        {"postgresql_with": {"fillfactor": 70}},
    )  # fmt: skip

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("delivery"), primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(ids.Id("endpoint"))
    event_id: Mapped[str] = mapped_column(ids.Id("evt"))
    event_type: Mapped[str] = mapped_column(String(128))
    subject_id: Mapped[str] = mapped_column(String(128))
    sequence: Mapped[int] = mapped_column(BigInteger)
    #: `event`: created by fan-out or a replay; `test`: requested by a person
    origin: Mapped[str] = mapped_column(String(16), server_default=text("'event'"))
    status: Mapped[DeliveryStatus] = mapped_column(String(16), server_default=text("'pending'"))
    #: class of its slot: new deliveries, or retries and replays
    slot_class: Mapped[Literal["new", "retry"]] = mapped_column(String(8), server_default=text("'new'"))
    #: one delivery of a subject at a time
    ordered: Mapped[bool] = mapped_column(server_default=text("false"))
    #: the replay that requeued it
    replay_id: Mapped[str | None] = mapped_column(ids.Id("replay"))
    #: reason for its status
    reason: Mapped[str | None] = mapped_column(String(64))
    #: key of its body, which is in a partition; there is no foreign key
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
    """One HTTP request, sent or refused before sending. Partitioned by month.

    Written in one transaction with its delivery, and deleted with it. A foreign key would look up every row and lock
    its delivery once more.
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
    #: name of the request if a destination sends several
    part: Mapped[str | None] = mapped_column(String(64))
    #: sent, but its lease was lost, so that it decided nothing
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
    """Task that is due again some time after it was done. It serves every agency."""

    __tablename__ = "webhook_tasks"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: progress of a task that processes rows in order of time
    reached: Mapped[datetime | None]


ReplaySelect = Literal["failed", "missing", "skipped", "all"]


class Replay(JobMixin, ActorColumns, CreatedAt, Base):
    """Queues selected events at a limited rate, so that it does not flood the endpoint, and survives its worker."""

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
    #: time span of events, without `until`
    since: Mapped[datetime]
    until: Mapped[datetime]
    event_types: Mapped[list[Any]]
    subject_ids: Mapped[list[Any]]
    rate_per_second: Mapped[int]
    status: Mapped[Literal["running", "completed", "cancelled"]] = mapped_column(
        String(16), server_default=text("'running'")
    )
    #: number of matches at the start, and number queued so far
    matched: Mapped[int]
    queued: Mapped[int] = mapped_column(server_default=text("0"))
    #: position in the feed of events
    last_transaction_id: Mapped[int | None] = mapped_column(BigInteger)
    last_event_id: Mapped[str | None] = mapped_column(ids.Id("evt"))
    ended_at: Mapped[datetime | None]
