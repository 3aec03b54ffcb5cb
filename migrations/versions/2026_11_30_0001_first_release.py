"""Every table of the first release, with the functions and triggers beneath them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Lists by `updated_since` lose no change: its time is taken under a lock that says which changes are still open. The
# key of the advisory lock holds when the transaction began: 16 bits that say what it is, 48 of milliseconds. It is taken
# before the clock is read, so a reader that does not find it may trust that the time is later than its own.
CHANGED_AT = """
CREATE FUNCTION changed_at() RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared((19284::bigint << 48) | floor(extract(epoch FROM now()) * 1000)::bigint);
    RETURN clock_timestamp();
END $$
"""
CHANGES_SETTLED = """
CREATE FUNCTION changes_settled() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT least(
        statement_timestamp(),
        to_timestamp(min(((classid::bigint & 65535) << 32) | objid::bigint) / 1000.0)
    )
    FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = 19284
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
$$
"""
# Numbers of events go on where they were on another server: see app/events/numbering.py.
TRANSACTION_BASE = """
CREATE FUNCTION transaction_base() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT 0::bigint'
"""
APPEND_ONLY = """
CREATE FUNCTION is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% are append-only: a recorded row is neither changed nor removed', TG_TABLE_NAME;
END $$
"""
# An id as app/kit/ids.py makes them: UUIDv7 with microseconds. uuidv7() needs PostgreSQL 18.
NEW_ID = """
CREATE FUNCTION new_id() RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  us bigint := floor(extract(epoch FROM clock_timestamp()) * 1000000);
BEGIN
  RETURN encode(
    substring(int8send(us / 1000) FROM 3) || substring(int4send((28672 + (us % 1000) * 4096 / 1000)::integer) FROM 3)
      || substring(uuid_send(gen_random_uuid()) FROM 9),
    'hex'
  )::uuid;
END $$
"""
# Arguments: the subject, and the names of the columns that are recorded, of those that are personal, and of secrets.
# Who makes the change is a setting of the transaction: see app/kit/audit.py.
RECORD_AUDIT_ENTRY = """
CREATE FUNCTION record_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  who jsonb := coalesce(nullif(current_setting('keyturn.actor', true), ''), '{"kind": "system", "id": "database"}');
  was jsonb := CASE WHEN TG_OP = 'INSERT' THEN '{}' ELSE to_jsonb(OLD) END;
  becomes jsonb := CASE WHEN TG_OP = 'DELETE' THEN '{}' ELSE to_jsonb(NEW) END;
  entry record;
  entry_id uuid := new_id();
  agency uuid := coalesce(becomes ->> 'agency_id', was ->> 'agency_id', becomes ->> 'id', was ->> 'id');
  row_id uuid := coalesce(becomes ->> 'id', was ->> 'id');
  link uuid := coalesce(becomes ->> 'link_id', was ->> 'link_id');
BEGIN
  SELECT jsonb_agg(name ORDER BY place) AS changed,
    coalesce(jsonb_object_agg(name, was -> name) FILTER (WHERE shown AND was ? name), '{}') AS before,
    coalesce(jsonb_object_agg(name, becomes -> name) FILTER (WHERE shown AND becomes ? name), '{}') AS after,
    jsonb_object_agg(name, was -> name) FILTER (WHERE personal AND was ? name) AS personal_before,
    jsonb_object_agg(name, becomes -> name) FILTER (WHERE personal AND becomes ? name) AS personal_after
  INTO entry
  FROM (
    SELECT name, place, name = ANY(TG_ARGV[2]::text[]) AS personal,
      NOT name = ANY(TG_ARGV[2]::text[] || TG_ARGV[3]::text[]) AS shown
    FROM unnest(TG_ARGV[1]::text[]) WITH ORDINALITY AS recorded(name, place)
    WHERE coalesce(was -> name, 'null') IS DISTINCT FROM coalesce(becomes -> name, 'null')
  ) differing;
  IF entry.changed IS NULL THEN
    RETURN NULL;
  END IF;
  INSERT INTO audit_entries (
    agency_id, id, actor_kind, actor_id, action, subject_type, subject_id, link_id, changed, before, after, request_id
  ) VALUES (
    agency, entry_id, who ->> 'kind', who ->> 'id',
    CASE TG_OP WHEN 'INSERT' THEN 'created' WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END,
    TG_ARGV[0], coalesce(row_id, link), CASE TG_ARGV[0] WHEN 'link' THEN row_id ELSE link END,
    entry.changed, entry.before, entry.after, who ->> 'request_id'
  );
  IF who ? 'address' OR who ? 'agent' OR entry.personal_before IS NOT NULL OR entry.personal_after IS NOT NULL THEN
    INSERT INTO audit_personal (agency_id, id, network_address, user_agent, before, after) VALUES (
      agency, entry_id, who ->> 'address', who ->> 'agent', entry.personal_before, entry.personal_after
    );
  END IF;
  RETURN NULL;
END $$
"""
# Commits of due rows wake sleeping workers: see app/kit/poller.py.
WAKE_WORKERS = """
CREATE FUNCTION wake_workers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT pg_try_advisory_xact_lock_shared(2002873189) THEN
    PERFORM pg_notify('keyturn_due', TG_TABLE_NAME);
  END IF;
  RETURN NULL;
END $$
"""
FUNCTIONS = (
    CHANGED_AT,
    CHANGES_SETTLED,
    TRANSACTION_BASE,
    APPEND_ONLY,
    NEW_ID,
    RECORD_AUDIT_ENTRY,
    WAKE_WORKERS,
)
#: Tables of jobs. A row that is due a little later is found by a worker's next look.
DUE = (
    "buyer_access",
    "connections",
    "event_outbox",
    "handshakes",
    "idempotency_keys",
    "imports",
    "links",
    "mails",
    "webhook_deliveries",
    "webhook_replays",
    "webhook_tasks",
)
SOON = "interval '2 seconds'"
#: Audited tables: the subject of their entries; columns that are recorded, personal, and secret. Rendered from `__audit__`.
AUDITED = {
    "access_requests": (
        "access_request",
        "link_id platform kind role role_reason reason required person_email attested_at attested_by unwanted_at",
        "person_email attested_by",
        "",
    ),
    "agencies": (
        "agency",
        "name slug contact_name contact_email brand language",
        "contact_name contact_email",
        "",
    ),
    "api_keys": (
        "api_key",
        "name key_hash scopes expires_at revoked_at",
        "",
        "key_hash",
    ),
    "agency_accounts": (
        "agency_account",
        "platform account_id name",
        "",
        "",
    ),
    "buyer_lists": (
        "buyer_list",
        "account_row_id link_id people",
        "people",
        "",
    ),
    "clients": (
        "client",
        "name contact_name contact_email external_id origin language",
        "name contact_name contact_email",
        "",
    ),
    "link_platforms": (
        "link_platform",
        "link_id platform lane agency_account_id client_account_id client_account_name unused_at",
        "client_account_name",
        "",
    ),
    "links": (
        "link",
        "client_id external_id preset preset_version requested_by language expires_at revoked_at public_link_id",
        "requested_by",
        "",
    ),
    "platform_apps": (
        "platform_app",
        "platform app_id secret_encrypted replaced_at",
        "",
        "secret_encrypted",
    ),
    "platform_identities": (
        "platform_identity",
        "platform identifiers",
        "identifiers",
        "",
    ),
    "presets": (
        "preset",
        "slug version body archived_at",
        "",
        "",
    ),
    "public_links": (
        "public_link",
        "preset preset_version language requested_by agency_account_ids token_hash token_encrypted most_uses "
        "most_per_hour expires_at revoked_at",
        "requested_by",
        "token_hash token_encrypted",
    ),
    "webhook_endpoints": (
        "endpoint",
        "url description event_types filter payload_mode personal api_version retry_policy timeout_ms "
        "headers_encrypted metadata status status_reason paused_at ordering concurrency rate_limit "
        "destination options_encrypted verification deleted_at",
        "",
        "headers_encrypted options_encrypted",
    ),
    "webhook_secrets": (
        "endpoint_secret",
        "endpoint_id secret_encrypted expires_at",
        "",
        "secret_encrypted",
    ),
}
#: Partitioned by month: this month and the next, and a net beneath them; the worker makes later months.
MONTHLY = ("webhook_bodies", "webhook_attempts")
#: In the order in which they can be dropped.
TABLES = (
    "audit_personal",
    "audit_entries",
    "platform_calls",
    "buyer_access",
    "grants",
    "device_codes",
    "connections",
    "webhook_deliveries",
    "readiness_answers",
    "public_link_uses",
    "link_sessions",
    "intakes",
    "intake_files",
    "intake_answers",
    "consents",
    "buyer_lists",
    "authorizations",
    "access_requests",
    "link_platforms",
    "webhook_secrets",
    "webhook_replays",
    "webhook_health",
    "partners",
    "links",
    "idempotency_keys",
    "handshakes",
    "event_personal",
    "event_outbox",
    "webhook_endpoints",
    "webhook_bodies",
    "public_links",
    "presets",
    "platform_identities",
    "platform_apps",
    "mails",
    "imports",
    "events",
    "event_sequences",
    "connect_invitations",
    "clients",
    "agency_accounts",
    "api_keys",
    "agency_logos",
    "webhook_tasks",
    "webhook_attempts",
    "throttles",
    "rate_limits",
    "agencies",
)


def upgrade() -> None:
    for function in FUNCTIONS:
        op.execute(function)
    _tables()
    _partitions()
    for table in ("events", "audit_entries"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION is_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION is_append_only()"
        )
    for table, (subject, columns, personal, secrets) in AUDITED.items():
        _audit(table, subject, columns.split(), personal.split(), secrets.split())
    for table in DUE:
        op.execute(
            f"CREATE TRIGGER wake_workers AFTER INSERT OR UPDATE OF due_at ON {table} FOR EACH ROW "
            f"WHEN (NEW.due_at <= now() + {SOON} AND NEW.lease_until IS NULL) EXECUTE FUNCTION wake_workers()"
        )
    op.execute("INSERT INTO webhook_tasks (id, due_at) VALUES ('sweep', now()), ('retention', now())")


def _audit(table: str, subject: str, columns: list[str], personal: list[str], secrets: list[str]) -> None:
    lists = ", ".join("'{" + ",".join(names) + "}'" for names in (columns, personal, secrets))
    call = f"EXECUTE FUNCTION record_audit_entry('{subject}', {lists})"
    old, new = (", ".join(f'{row}."{name}"' for name in columns) for row in ("OLD", "NEW"))
    op.execute(f"CREATE TRIGGER audit_rows AFTER INSERT OR DELETE ON {table} FOR EACH ROW {call}")
    op.execute(
        f"CREATE TRIGGER audit_changes AFTER UPDATE ON {table} FOR EACH ROW "
        f"WHEN (ROW({old}) IS DISTINCT FROM ROW({new})) {call}"
    )


def _partitions() -> None:
    months = [datetime.now(UTC).date().replace(day=1)]
    for _ in range(2):
        months.append((months[-1] + timedelta(days=32)).replace(day=1))
    for table in MONTHLY:
        op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
        for first, after in pairwise(months):
            op.execute(
                f"CREATE TABLE {table}_{first:%Y_%m} PARTITION OF {table} "
                f"FOR VALUES FROM ('{first} 00:00+00') TO ('{after} 00:00+00')"
            )


def _tables() -> None:
    op.create_table(
        "agencies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("contact_name", sa.String(length=120), nullable=False),
        sa.Column("contact_email", sa.String(length=254), nullable=False),
        sa.Column("brand", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("language", sa.String(length=16), server_default="en", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agencies")),
        sa.UniqueConstraint("slug", name=op.f("uq_agencies_slug")),
    )
    op.create_table(
        "rate_limits",
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("app_id", sa.String(length=64), nullable=False),
        sa.Column("granted", sa.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("minute", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("reduced_to", sa.Integer(), nullable=True),
        sa.Column("setbacks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("limited_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("closed_until", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("raised_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("platform", "app_id", name=op.f("pk_rate_limits")),
    )
    op.create_table(
        "throttles",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_throttles")),
    )
    op.create_index(op.f("ix_throttles_full_at"), "throttles", ["full_at"], unique=False)
    op.create_table(
        "webhook_attempts",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=64), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("arrived", sa.Boolean(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("tls", sa.String(length=16), nullable=True),
        sa.Column("dns_ms", sa.Integer(), nullable=True),
        sa.Column("connect_ms", sa.Integer(), nullable=True),
        sa.Column("first_byte_ms", sa.Integer(), nullable=True),
        sa.Column("total_ms", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("agency_id", "id", "created_at", name=op.f("pk_webhook_attempts")),
        postgresql_partition_by="RANGE (created_at)",
    )
    op.create_index(
        "ix_webhook_attempts_delivery", "webhook_attempts", ["agency_id", "delivery_id", "id"], unique=False
    )
    op.create_index(
        "ix_webhook_attempts_endpoint", "webhook_attempts", ["agency_id", "endpoint_id", "id"], unique=False
    )
    op.create_table(
        "webhook_tasks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("reached", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_tasks")),
    )
    op.create_table(
        "agency_logos",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_agency_logos_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", name=op.f("pk_agency_logos")),
    )
    op.create_table(
        "api_keys",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.String(length=4), nullable=False),
        sa.Column("scopes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_api_keys_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_table(
        "agency_accounts",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_agency_accounts_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_agency_accounts")),
        sa.UniqueConstraint(
            "agency_id", "platform", "account_id", name=op.f("uq_agency_accounts_agency_id_platform_account_id")
        ),
    )
    op.create_table(
        "clients",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("contact_name", sa.String(length=200), nullable=True),
        sa.Column("contact_email", sa.String(length=254), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("origin", sa.String(length=8), server_default="made", nullable=False),
        sa.Column("language", sa.String(length=16), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("changed_at()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("origin IN ('made', 'found')", name=op.f("ck_clients_origin")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_clients_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_clients")),
        sa.UniqueConstraint("agency_id", "external_id", name=op.f("uq_clients_agency_id_external_id")),
    )
    op.create_index("ix_clients_agency_id_updated_at_id", "clients", ["agency_id", "updated_at", "id"], unique=False)
    op.create_table(
        "connect_invitations",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_connect_invitations_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_connect_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_connect_invitations_token_hash")),
    )
    op.create_table(
        "event_sequences",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.String(length=128), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_event_sequences_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "subject_id", name=op.f("pk_event_sequences")),
    )
    op.create_table(
        "events",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=128), nullable=False),
        sa.Column(
            "occurred_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("subject_type", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.String(length=128), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column(
            "transaction_id",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text::bigint + transaction_base())"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_events_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_feed", "events", ["agency_id", "transaction_id", "id"], unique=False)
    op.create_index("ix_events_subject", "events", ["agency_id", "subject_id", "sequence"], unique=True)
    op.create_index("ix_events_type", "events", ["agency_id", "type", "transaction_id", "id"], unique=False)
    op.create_table(
        "audit_entries",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "occurred_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("action", sa.String(length=8), nullable=False),
        sa.Column("subject_type", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("changed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column(
            "transaction_id",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text::bigint + transaction_base())"),
            nullable=False,
        ),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.CheckConstraint("action IN ('created', 'changed', 'deleted')", name=op.f("ck_audit_entries_action")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_audit_entries_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_audit_entries")),
    )
    op.create_index("ix_audit_entries_order", "audit_entries", ["agency_id", "transaction_id", "id"], unique=False)
    op.create_index(
        "ix_audit_entries_subject", "audit_entries", ["agency_id", "subject_id", "transaction_id", "id"], unique=False
    )
    op.create_index(
        "ix_audit_entries_actor", "audit_entries", ["agency_id", "actor_id", "transaction_id", "id"], unique=False
    )
    op.create_index(
        "ix_audit_entries_link", "audit_entries", ["agency_id", "link_id", "transaction_id", "id"], unique=False,
        postgresql_where=sa.text("link_id IS NOT NULL"),
    )  # fmt: skip
    op.create_index(
        "ix_audit_entries_request", "audit_entries", ["agency_id", "request_id", "transaction_id", "id"], unique=False,
        postgresql_where=sa.text("request_id IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "audit_personal",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("network_address", sa.String(length=64), nullable=True),
        sa.Column("user_agent", sa.String(length=256), nullable=True),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id", "id"],
            ["audit_entries.agency_id", "audit_entries.id"],
            name=op.f("fk_audit_personal_agency_id_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_audit_personal")),
    )
    op.create_table(
        "imports",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("agency_account_id", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=8), server_default="running", nullable=False),
        sa.Column("setbacks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("partners_total", sa.Integer(), nullable=True),
        sa.Column("partners_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("catalogs_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unreadable", sa.Integer(), server_default="0", nullable=False),
        sa.Column("grants_found", sa.Integer(), server_default="0", nullable=False),
        sa.Column("grants_ended", sa.Integer(), server_default="0", nullable=False),
        sa.Column("roles_changed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("code", sa.String(length=48), nullable=True),
        sa.Column("platform_code", sa.Integer(), nullable=True),
        sa.Column("platform_message", sa.String(), nullable=True),
        sa.Column("platform_request_id", sa.String(length=128), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(status = 'failed') = (code IS NOT NULL)", name=op.f("ck_imports_failed_has_code")),
        sa.CheckConstraint("reason IN ('connected', 'asked', 'watch')", name=op.f("ck_imports_reason")),
        sa.CheckConstraint("status IN ('running', 'done', 'failed')", name=op.f("ck_imports_status")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_imports_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_imports")),
    )
    op.create_index(
        "ix_imports_due", "imports", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_index(
        "uq_imports_running",
        "imports",
        ["agency_id", "platform", "agency_account_id"],
        unique=True,
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_table(
        "mails",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("about_id", sa.String(length=128), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("to_email", sa.String(length=254), nullable=False),
        sa.Column("to_name", sa.String(length=200), nullable=True),
        sa.Column("content_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(content_encrypted IS NULL) = (sent_at IS NOT NULL OR failed_at IS NOT NULL)",
            name=op.f("ck_mails_content"),
        ),
        sa.CheckConstraint("sent_at IS NULL OR failed_at IS NULL", name=op.f("ck_mails_one_end")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_mails_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_mails")),
    )
    op.create_index("ix_mails_about", "mails", ["agency_id", "about_id", "id"], unique=False)
    op.create_index("ix_mails_due", "mails", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL"))
    op.create_table(
        "platform_apps",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("app_id", sa.String(length=64), nullable=False),
        sa.Column("secret_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_platform_apps_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_platform_apps")),
    )
    op.create_index(
        "uq_platform_apps_present",
        "platform_apps",
        ["agency_id", "platform"],
        unique=True,
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
    op.create_table(
        "platform_identities",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("identifiers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_platform_identities_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_platform_identities")),
        sa.UniqueConstraint("agency_id", "platform", name=op.f("uq_platform_identities_agency_id_platform")),
    )
    op.create_table(
        "presets",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_presets_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_presets")),
        sa.UniqueConstraint("agency_id", "slug", "version", name=op.f("uq_presets_agency_id_slug_version")),
    )
    op.create_table(
        "public_links",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("preset", sa.String(length=64), nullable=False),
        sa.Column("preset_version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=True),
        sa.Column("requested_by", sa.String(length=120), nullable=False),
        sa.Column("agency_account_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("token_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("uses", sa.Integer(), server_default="0", nullable=False),
        sa.Column("most_uses", sa.Integer(), nullable=True),
        sa.Column("most_per_hour", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_public_links_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_public_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_public_links_token_hash")),
    )
    op.create_table(
        "webhook_bodies",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("truncated", sa.Boolean(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_webhook_bodies_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", "created_at", name=op.f("pk_webhook_bodies")),
        postgresql_partition_by="RANGE (created_at)",
    )
    op.create_table(
        "webhook_endpoints",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("event_types", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("filter", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("payload_mode", sa.String(length=8), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("api_version", sa.String(length=16), nullable=True),
        sa.Column("retry_policy", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("timeout_ms", sa.Integer(), nullable=False),
        sa.Column("headers_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.String(length=24), server_default=sa.text("'active'"), nullable=False),
        sa.Column("status_reason", sa.String(length=32), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ordering", sa.String(length=16), server_default=sa.text("'none'"), nullable=False),
        sa.Column("concurrency", sa.Integer(), server_default=sa.text("5"), nullable=False),
        sa.Column("rate_limit", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("destination", sa.String(length=16), server_default=sa.text("'http'"), nullable=False),
        sa.Column("options_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("verification", sa.String(length=16), server_default=sa.text("'none'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "destination IN ('http', 'slack', 'hubspot', 'http_request', 'rest_hook')",
            name=op.f("ck_webhook_endpoints_destination"),
        ),
        sa.CheckConstraint("ordering IN ('none', 'by_subject')", name=op.f("ck_webhook_endpoints_ordering")),
        sa.CheckConstraint("payload_mode IN ('full', 'thin', 'flat')", name=op.f("ck_webhook_endpoints_payload_mode")),
        sa.CheckConstraint(
            "status IN ('active', 'pending_verification', 'disabled')", name=op.f("ck_webhook_endpoints_status")
        ),
        sa.CheckConstraint(
            "verification IN ('none', 'wanted', 'passed')", name=op.f("ck_webhook_endpoints_verification")
        ),
        sa.CheckConstraint("concurrency BETWEEN 1 AND 20", name=op.f("ck_webhook_endpoints_concurrency")),
        sa.CheckConstraint("timeout_ms BETWEEN 1000 AND 30000", name=op.f("ck_webhook_endpoints_timeout")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_webhook_endpoints_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_webhook_endpoints")),
    )
    op.create_table(
        "event_outbox",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.String(length=128), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "id"], ["events.agency_id", "events.id"], name=op.f("fk_event_outbox_agency_id_id")
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_event_outbox")),
    )
    op.create_index(
        "ix_event_outbox_due", "event_outbox", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_index("ix_event_outbox_subject", "event_outbox", ["agency_id", "subject_id", "sequence"], unique=False)
    op.create_index(
        "ix_event_outbox_turn",
        "event_outbox",
        ["agency_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "event_personal",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "id"], ["events.agency_id", "events.id"], name=op.f("fk_event_personal_agency_id_id")
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_event_personal")),
    )
    op.create_table(
        "handshakes",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("client_account_id", sa.String(length=64), nullable=False),
        sa.Column("agency_account_id", sa.String(length=64), nullable=False),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("setbacks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("watching", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("searched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unavailable_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_handshakes_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_handshakes_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_handshakes")),
        sa.UniqueConstraint(
            "agency_id",
            "client_id",
            "platform",
            "client_account_id",
            "agency_account_id",
            name=op.f("uq_handshakes_agency_id_client_id_platform_client_account_id_agency_account_id"),
        ),
    )
    op.create_index(
        "ix_handshakes_due", "handshakes", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("api_key_id", sa.Uuid(), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "api_key_id"],
            ["api_keys.agency_id", "api_keys.id"],
            name=op.f("fk_idempotency_keys_agency_id_api_key_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint(
            "agency_id", "api_key_id", "value", name=op.f("uq_idempotency_keys_agency_id_api_key_id_value")
        ),
    )
    op.create_index(
        "ix_idempotency_keys_due",
        "idempotency_keys",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "links",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("preset", sa.String(length=64), nullable=False),
        sa.Column("preset_version", sa.Integer(), nullable=False),
        sa.Column("requested_by", sa.String(length=120), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("token_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renewal_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("needed_again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stage", sa.String(length=24), nullable=False),
        sa.Column("next_actor", sa.String(length=16), nullable=True),
        sa.Column("next_actor_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_count", sa.Integer(), nullable=False),
        sa.Column("done_count", sa.Integer(), nullable=False),
        sa.Column("public_link_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_external_id", sa.String(length=200), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("changed_at()"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('draft', 'sent', 'opened', 'in_progress', 'submitted', 'completed', 'drifted', 'expired', 'revoked')",
            name=op.f("ck_links_status"),
        ),
        sa.CheckConstraint(
            "stage IN ('draft', 'waiting_for_client', 'waiting_for_agency', 'waiting_for_platform', 'processing', "
            "'closed', 'reopened', 'verified', 'unverifiable', 'drifted', 'expired', 'revoked')",
            name=op.f("ck_links_stage"),
        ),
        sa.CheckConstraint("next_actor IN ('client', 'agency', 'platform', 'us')", name=op.f("ck_links_next_actor")),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"], ["clients.agency_id", "clients.id"], name=op.f("fk_links_agency_id_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "public_link_id"],
            ["public_links.agency_id", "public_links.id"],
            name=op.f("fk_links_agency_id_public_link_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_links_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_links")),
        sa.UniqueConstraint("agency_id", "external_id", name=op.f("uq_links_agency_id_external_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_links_token_hash")),
    )
    op.create_index("ix_links_agency_id_client_id", "links", ["agency_id", "client_id"], unique=False)
    op.create_index("ix_links_agency_id_updated_at_id", "links", ["agency_id", "updated_at", "id"], unique=False)
    for columns in (["next_actor", "next_actor_since"], ["next_actor_since"], ["stage", "next_actor_since"]):
        op.create_index(
            f"ix_links_agency_id_{'_'.join(columns)}_id", "links", ["agency_id", *columns, "id"], unique=False
        )
    op.create_index("ix_links_due", "links", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL"))
    op.create_table(
        "partners",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("agency_account_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("linked", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("to_read", sa.String(length=16), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code", sa.String(length=48), nullable=True),
        sa.Column("platform_code", sa.Integer(), nullable=True),
        sa.Column("platform_message", sa.String(), nullable=True),
        sa.Column("platform_request_id", sa.String(length=128), nullable=True),
        sa.CheckConstraint("to_read IN ('ad_account', 'catalog')", name=op.f("ck_partners_to_read")),
        sa.CheckConstraint("client_id IS NOT NULL OR NOT linked", name=op.f("ck_partners_linked_to_a_client")),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_partners_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "import_id"],
            ["imports.agency_id", "imports.id"],
            name=op.f("fk_partners_agency_id_import_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_partners_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_partners")),
        sa.UniqueConstraint(
            "agency_id",
            "platform",
            "agency_account_id",
            "account_id",
            name=op.f("uq_partners_agency_id_platform_agency_account_id_account_id"),
        ),
    )
    op.create_index("ix_partners_client_id", "partners", ["agency_id", "client_id"], unique=False)
    op.create_index(
        "ix_partners_to_read",
        "partners",
        ["agency_id", "import_id"],
        unique=False,
        postgresql_where=sa.text("to_read IS NOT NULL"),
    )
    op.create_table(
        "webhook_health",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reduced_concurrency", sa.Integer(), nullable=True),
        sa.Column("successes_since_reduction", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("hold_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("breaker", sa.String(length=16), server_default=sa.text("'closed'"), nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("openings", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("probes", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("unreachable", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("exhausted", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_code", sa.String(length=64), nullable=True),
        sa.Column("last_event_id", sa.Uuid(), nullable=True),
        sa.Column("notices", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("gone_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("tokens", sa.Double(), nullable=True),
        sa.Column("tokens_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("breaker IN ('closed', 'open', 'half_open')", name=op.f("ck_webhook_health_breaker")),
        sa.ForeignKeyConstraint(
            ["agency_id", "id"],
            ["webhook_endpoints.agency_id", "webhook_endpoints.id"],
            name=op.f("fk_webhook_health_agency_id_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_webhook_health")),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "webhook_replays",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("selected", sa.String(length=16), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_types", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("subject_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rate_per_second", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), server_default=sa.text("'running'"), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("queued", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_transaction_id", sa.BigInteger(), nullable=True),
        sa.Column("last_event_id", sa.Uuid(), nullable=True),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "selected IN ('failed', 'missing', 'skipped', 'all')", name=op.f("ck_webhook_replays_selected")
        ),
        sa.CheckConstraint("status IN ('running', 'completed', 'cancelled')", name=op.f("ck_webhook_replays_status")),
        sa.ForeignKeyConstraint(
            ["agency_id", "endpoint_id"],
            ["webhook_endpoints.agency_id", "webhook_endpoints.id"],
            name=op.f("fk_webhook_replays_agency_id_endpoint_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_webhook_replays")),
    )
    op.create_index(
        "ix_webhook_replays_due",
        "webhook_replays",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "webhook_secrets",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("secret_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "endpoint_id"],
            ["webhook_endpoints.agency_id", "webhook_endpoints.id"],
            name=op.f("fk_webhook_secrets_agency_id_endpoint_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_webhook_secrets")),
    )
    op.create_index("ix_webhook_secrets_endpoint", "webhook_secrets", ["agency_id", "endpoint_id"], unique=False)
    op.create_table(
        "link_platforms",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("lane", sa.String(length=16), nullable=True),
        sa.Column("agency_account_id", sa.String(length=64), nullable=True),
        sa.Column("client_account_id", sa.String(length=64), nullable=True),
        sa.Column("client_account_name", sa.String(length=200), nullable=True),
        sa.Column("pixel_codes", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("unused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("lane IN ('connected', 'guided')", name=op.f("ck_link_platforms_lane")),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"], ["links.agency_id", "links.id"], name=op.f("fk_link_platforms_agency_id_link_id")
        ),
        sa.PrimaryKeyConstraint("agency_id", "link_id", "platform", name=op.f("pk_link_platforms")),
    )
    op.create_index(
        "ix_link_platforms_client_account_id", "link_platforms", ["agency_id", "client_account_id"], unique=False
    )
    op.create_table(
        "access_requests",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("role_first", sa.String(length=32), nullable=True),
        sa.Column("role_reason", sa.String(length=500), nullable=True),
        sa.Column("needs_events", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("person_email", sa.String(length=254), nullable=True),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.String(length=64), nullable=True),
        sa.Column("parent_asset_id", sa.String(length=64), nullable=True),
        sa.Column("asset_name", sa.String(length=200), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attested_by", sa.String(length=200), nullable=True),
        sa.Column("client_attested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("client_attested_by", sa.String(length=200), nullable=True),
        sa.Column("steps", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("recheck_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reduce_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unwanted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=24), server_default="waiting", nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("code", sa.String(length=48), nullable=True),
        sa.Column("next_actor", sa.String(length=16), nullable=True),
        sa.Column("role_seen", sa.String(length=32), nullable=True),
        sa.Column("seen_by", sa.String(length=16), nullable=True),
        sa.Column("shared_from_account_id", sa.String(length=64), nullable=True),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("platform_operation", sa.String(length=64), nullable=True),
        sa.Column("platform_code", sa.Integer(), nullable=True),
        sa.Column("platform_message", sa.String(length=2000), nullable=True),
        sa.Column("platform_request_id", sa.String(length=128), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('waiting', 'approved', 'awaiting_partner', 'awaiting_client', 'verified', 'attested', "
            "'blocked', 'unverifiable', 'drifted', 'declined', 'ended')",
            name=op.f("ck_access_requests_status"),
        ),
        sa.CheckConstraint(
            "next_actor IN ('client', 'agency', 'platform', 'us')", name=op.f("ck_access_requests_next_actor")
        ),
        sa.CheckConstraint("seen_by IN ('agency', 'client')", name=op.f("ck_access_requests_seen_by")),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id", "platform"],
            ["link_platforms.agency_id", "link_platforms.link_id", "link_platforms.platform"],
            name=op.f("fk_access_requests_agency_id_link_id_platform"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_access_requests")),
    )
    op.create_index("ix_access_requests_link_id", "access_requests", ["agency_id", "link_id"], unique=False)
    op.create_index(
        "uq_access_requests_asset",
        "access_requests",
        ["agency_id", "link_id", "platform", "kind", "asset_id", sa.literal_column("coalesce(parent_asset_id, '')")],
        unique=True,
    )
    op.create_table(
        "authorizations",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("invitation_id", sa.Uuid(), nullable=True),
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("cookie_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handle_hash", sa.LargeBinary(), nullable=True),
        sa.Column("handle_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("code_verifier_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("exchanged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(link_id IS NULL) <> (invitation_id IS NULL)", name=op.f("ck_authorizations_one_purpose")),
        sa.ForeignKeyConstraint(
            ["agency_id", "invitation_id"],
            ["connect_invitations.agency_id", "connect_invitations.id"],
            name=op.f("fk_authorizations_agency_id_invitation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"], ["links.agency_id", "links.id"], name=op.f("fk_authorizations_agency_id_link_id")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_authorizations_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_authorizations")),
        sa.UniqueConstraint("handle_hash", name=op.f("uq_authorizations_handle_hash")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_authorizations_state_hash")),
    )
    op.create_index("ix_authorizations_link_id", "authorizations", ["agency_id", "link_id"], unique=False)
    op.create_table(
        "buyer_lists",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_row_id", sa.Uuid(), nullable=True),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("people", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(account_row_id IS NULL) <> (link_id IS NULL)", name=op.f("ck_buyer_lists_one_place")),
        sa.ForeignKeyConstraint(
            ["agency_id", "account_row_id"],
            ["agency_accounts.agency_id", "agency_accounts.id"],
            name=op.f("fk_buyer_lists_agency_id_account_row_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"], ["links.agency_id", "links.id"], name=op.f("fk_buyer_lists_agency_id_link_id")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_buyer_lists_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_buyer_lists")),
        sa.UniqueConstraint("agency_id", "account_row_id", name=op.f("uq_buyer_lists_agency_id_account_row_id")),
        sa.UniqueConstraint("agency_id", "link_id", name=op.f("uq_buyer_lists_agency_id_link_id")),
    )
    op.create_table(
        "consents",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("sentences", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("messages", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"], ["links.agency_id", "links.id"], name=op.f("fk_consents_agency_id_link_id")
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_consents")),
    )
    op.create_table(
        "intake_answers",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"], ["links.agency_id", "links.id"], name=op.f("fk_intake_answers_agency_id_link_id")
        ),
        sa.PrimaryKeyConstraint("agency_id", "link_id", "key", name=op.f("pk_intake_answers")),
    )
    op.create_table(
        "intake_files",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"], ["links.agency_id", "links.id"], name=op.f("fk_intake_files_agency_id_link_id")
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_intake_files")),
    )
    op.create_index("ix_intake_files_link_id", "intake_files", ["agency_id", "link_id"], unique=False)
    op.create_table(
        "intakes",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("markets", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("contacts", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "screens_completed", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column("others_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "id"], ["links.agency_id", "links.id"], name=op.f("fk_intakes_agency_id_id")
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_intakes")),
    )
    op.create_table(
        "link_sessions",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("cookie_hash", sa.LargeBinary(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_by", sa.String(length=16), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"], ["links.agency_id", "links.id"], name=op.f("fk_link_sessions_agency_id_link_id")
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_link_sessions")),
        sa.UniqueConstraint(
            "cookie_hash", "agency_id", "link_id", name=op.f("uq_link_sessions_cookie_hash_agency_id_link_id")
        ),
    )
    op.create_table(
        "public_link_uses",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_link_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("form_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"],
            ["links.agency_id", "links.id"],
            name=op.f("fk_public_link_uses_agency_id_link_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "public_link_id"],
            ["public_links.agency_id", "public_links.id"],
            name=op.f("fk_public_link_uses_agency_id_public_link_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_public_link_uses")),
        sa.UniqueConstraint(
            "agency_id",
            "public_link_id",
            "form_hash",
            name=op.f("uq_public_link_uses_agency_id_public_link_id_form_hash"),
        ),
    )
    op.create_index(
        "ix_public_link_uses_public_link_id",
        "public_link_uses",
        ["agency_id", "public_link_id", "created_at"],
        unique=False,
    )
    op.create_table(
        "readiness_answers",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.String(length=32), nullable=False),
        sa.Column("answer", sa.String(length=8), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "answer IN ('yes', 'no', 'own', 'plan', 'later', 'seen')", name=op.f("ck_readiness_answers_answer")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"],
            ["links.agency_id", "links.id"],
            name=op.f("fk_readiness_answers_agency_id_link_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_readiness_answers")),
    )
    op.create_index("ix_readiness_answers_link_id", "readiness_answers", ["agency_id", "link_id", "id"], unique=False)
    op.create_table(
        "webhook_deliveries",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.String(length=128), nullable=False),
        sa.Column("subject_id", sa.String(length=128), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.String(length=16), server_default=sa.text("'event'"), nullable=False),
        sa.Column("status", sa.String(length=16), server_default=sa.text("'pending'"), nullable=False),
        sa.Column("slot_class", sa.String(length=8), server_default=sa.text("'new'"), nullable=False),
        sa.Column("ordered", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("replay_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("body_created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts_since_requeue", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_code", sa.String(length=64), nullable=True),
        sa.Column("first_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("origin IN ('event', 'test')", name=op.f("ck_webhook_deliveries_origin")),
        sa.CheckConstraint("slot_class IN ('new', 'retry')", name=op.f("ck_webhook_deliveries_slot_class")),
        sa.CheckConstraint(
            "status IN ('pending', 'retrying', 'succeeded', 'exhausted', 'cancelled', 'skipped')",
            name=op.f("ck_webhook_deliveries_status"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "endpoint_id"],
            ["webhook_endpoints.agency_id", "webhook_endpoints.id"],
            name=op.f("fk_webhook_deliveries_agency_id_endpoint_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "event_id"],
            ["events.agency_id", "events.id"],
            name=op.f("fk_webhook_deliveries_agency_id_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "replay_id"],
            ["webhook_replays.agency_id", "webhook_replays.id"],
            name=op.f("fk_webhook_deliveries_agency_id_replay_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint("agency_id", "event_id", "endpoint_id", name="uq_webhook_deliveries_event"),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index(
        "ix_webhook_deliveries_endpoint", "webhook_deliveries", ["agency_id", "endpoint_id", "id"], unique=False
    )
    op.create_index(
        "ix_webhook_deliveries_endpoint_status",
        "webhook_deliveries",
        ["agency_id", "endpoint_id", "status", "id"],
        unique=False,
    )
    op.create_index(
        "ix_webhook_deliveries_queue",
        "webhook_deliveries",
        ["agency_id", "endpoint_id", "slot_class", "due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_webhook_deliveries_order",
        "webhook_deliveries",
        ["agency_id", "endpoint_id", "subject_id", "sequence"],
        unique=False,
        postgresql_where=sa.text("ordered AND status IN ('pending', 'retrying')"),
    )
    op.create_index(
        "ix_webhook_deliveries_replay",
        "webhook_deliveries",
        ["agency_id", "replay_id"],
        unique=False,
        postgresql_where=sa.text("replay_id IS NOT NULL"),
    )
    op.create_index(
        "ix_webhook_deliveries_undelivered",
        "webhook_deliveries",
        ["agency_id", "status", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('exhausted', 'cancelled', 'skipped')"),
    )
    op.create_index(
        "ix_webhook_deliveries_waiting",
        "webhook_deliveries",
        ["agency_id", "id"],
        unique=False,
        postgresql_where=sa.text("due_at IS NULL AND status IN ('pending', 'retrying')"),
    )
    op.create_table(
        "connections",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("browser_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("token_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("token_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refresh_token_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("refresh_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoke_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("app_id", sa.String(length=64), nullable=False),
        sa.Column("scopes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=True),
        sa.Column("found", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(side = 'client') = (client_id IS NOT NULL)", name=op.f("ck_connections_client_side_has_client")
        ),
        sa.CheckConstraint(
            "status <> 'revoked' OR refresh_token_encrypted IS NULL", name=op.f("ck_connections_refresh_token_is_gone")
        ),
        sa.CheckConstraint(
            "(status = 'revoked') = (token_encrypted IS NULL)", name=op.f("ck_connections_revoked_token_is_gone")
        ),
        sa.CheckConstraint("side IN ('client', 'agency')", name=op.f("ck_connections_side")),
        sa.CheckConstraint("status IN ('live', 'dead', 'revoked')", name=op.f("ck_connections_status")),
        sa.ForeignKeyConstraint(
            ["agency_id", "browser_id"],
            ["link_sessions.agency_id", "link_sessions.id"],
            name=op.f("fk_connections_agency_id_browser_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_connections_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"], ["links.agency_id", "links.id"], name=op.f("fk_connections_agency_id_link_id")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_connections_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_connections")),
    )
    op.create_index("ix_connections_client", "connections", ["agency_id", "client_id", "status"], unique=False)
    op.create_index(
        "ix_connections_due", "connections", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_table(
        "device_codes",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("browser_id", sa.Uuid(), nullable=True),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("sent_to", sa.String(length=254), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "browser_id"],
            ["link_sessions.agency_id", "link_sessions.id"],
            name=op.f("fk_device_codes_agency_id_browser_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"], ["links.agency_id", "links.id"], name=op.f("fk_device_codes_agency_id_link_id")
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_device_codes")),
    )
    op.create_index("ix_device_codes_link_id", "device_codes", ["agency_id", "link_id", "id"], unique=False)
    op.create_table(
        "grants",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("access_request_id", sa.Uuid(), nullable=True),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("asset_id", sa.String(length=64), nullable=False),
        sa.Column("parent_asset_id", sa.String(length=64), nullable=True),
        sa.Column("asset_name", sa.String(length=200), nullable=True),
        sa.Column("origin", sa.String(length=8), server_default="asked", nullable=False),
        sa.Column("client_account_id", sa.String(length=64), nullable=False),
        sa.Column("agency_account_id", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("seen_by", sa.String(length=8), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("drifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revocation_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code", sa.String(length=48), nullable=True),
        sa.Column("next_actor", sa.String(length=16), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("changed_at()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("origin IN ('asked', 'found')", name=op.f("ck_grants_origin")),
        sa.CheckConstraint("status IN ('live', 'drifted', 'revoking', 'ended')", name=op.f("ck_grants_status")),
        sa.ForeignKeyConstraint(
            ["agency_id", "access_request_id"],
            ["access_requests.agency_id", "access_requests.id"],
            name=op.f("fk_grants_agency_id_access_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"], ["clients.agency_id", "clients.id"], name=op.f("fk_grants_agency_id_client_id")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_grants_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_grants")),
    )
    op.create_index("ix_grants_agency_id_access_request_id", "grants", ["agency_id", "access_request_id"], unique=False)
    op.create_index("ix_grants_agency_id_updated_at_id", "grants", ["agency_id", "updated_at", "id"], unique=False)
    op.create_index("ix_grants_client_account_id", "grants", ["agency_id", "client_account_id"], unique=False)
    op.create_index(
        "uq_grants_asset",
        "grants",
        [
            "agency_id",
            "client_id",
            "platform",
            "kind",
            "asset_id",
            sa.literal_column("coalesce(parent_asset_id, '')"),
            "agency_account_id",
        ],
        unique=True,
        postgresql_where=sa.text("status <> 'ended'"),
    )
    op.create_table(
        "buyer_access",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("agency_account_id", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("wanted", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("ours", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("status", sa.String(length=16), server_default="waiting", nullable=False),
        sa.Column("code", sa.String(length=48), nullable=True),
        sa.Column("role_seen", sa.String(length=32), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('waiting', 'open', 'blocked', 'leaving', 'ended')", name=op.f("ck_buyer_access_status")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "grant_id"],
            ["grants.agency_id", "grants.id"],
            name=op.f("fk_buyer_access_agency_id_grant_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_buyer_access_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_buyer_access")),
        sa.UniqueConstraint("agency_id", "grant_id", "email", name=op.f("uq_buyer_access_agency_id_grant_id_email")),
    )
    op.create_index(
        "ix_buyer_access_due", "buyer_access", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_table(
        "platform_calls",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("handshake_id", sa.Uuid(), nullable=True),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("connection_id", sa.Uuid(), nullable=True),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.Column("request", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "started_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column("platform_request_id", sa.String(length=128), nullable=True),
        sa.Column("blocker", sa.String(length=48), nullable=True),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("took_ms", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('authorize', 'read', 'share', 'unshare', 'assign', 'unassign', 'import', 'refresh_token', "
            "'revoke_token')",
            name=op.f("ck_platform_calls_purpose"),
        ),
        sa.CheckConstraint("side IN ('client', 'agency')", name=op.f("ck_platform_calls_side")),
        sa.ForeignKeyConstraint(
            ["agency_id", "grant_id"],
            ["grants.agency_id", "grants.id"],
            name=op.f("fk_platform_calls_agency_id_grant_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_platform_calls_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_platform_calls")),
    )
    op.create_index(
        "ix_platform_calls_grant_id",
        "platform_calls",
        ["agency_id", "grant_id", "id"],
        unique=False,
        postgresql_where=sa.text("grant_id IS NOT NULL"),
    )
    op.create_index(
        "ix_platform_calls_handshake_id", "platform_calls", ["agency_id", "handshake_id", "id"], unique=False
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    for function in (
        "wake_workers", "record_audit_entry", "new_id", "is_append_only", "transaction_base", "changes_settled",
        "changed_at",
    ):  # fmt: skip
        op.execute(f"DROP FUNCTION {function}()")
