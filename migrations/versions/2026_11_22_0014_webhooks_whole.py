"""Webhooks whole: health of endpoints, lanes of deliveries, order, replays, chores; what a destination needs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
JSONB = postgresql.JSONB(astext_type=sa.Text())
DUE = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    _endpoints()
    _health()
    _replays()
    _deliveries()
    op.add_column("webhook_attempts", sa.Column("part", sa.String(64)))
    op.create_table(
        "webhook_chores",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("lease_until", TIME),
        sa.Column("lease_token", sa.Uuid()),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_chores")),
    )
    op.execute("INSERT INTO webhook_chores (id, due_at) VALUES ('sweep', now()), ('retention', now())")
    op.add_column("event_fanouts", sa.Column("subject_id", sa.String(128)))
    op.add_column("event_fanouts", sa.Column("sequence", sa.BigInteger()))
    op.execute(
        "UPDATE event_fanouts SET subject_id = events.subject_id, sequence = events.sequence FROM events "
        "WHERE events.agency_id = event_fanouts.agency_id AND events.id = event_fanouts.id"
    )
    op.alter_column("event_fanouts", "subject_id", nullable=False)
    op.alter_column("event_fanouts", "sequence", nullable=False)
    op.create_index("ix_event_fanouts_subject", "event_fanouts", ["agency_id", "subject_id", "sequence"])


def _endpoints() -> None:
    table = "webhook_endpoints"
    op.alter_column(table, "state", type_=sa.String(24), existing_server_default=sa.text("'active'"))
    op.add_column(table, sa.Column("state_reason", sa.String(32)))
    op.add_column(table, sa.Column("paused_at", TIME))
    op.add_column(table, sa.Column("ordering", sa.String(16), server_default="none", nullable=False))
    op.add_column(table, sa.Column("concurrency", sa.Integer(), server_default="5", nullable=False))
    op.add_column(table, sa.Column("rate_limit", JSONB))
    op.add_column(table, sa.Column("destination", sa.String(16), server_default="webhook", nullable=False))
    op.add_column(table, sa.Column("options_sealed", sa.LargeBinary()))
    op.add_column(table, sa.Column("verification", sa.String(16), server_default="none", nullable=False))
    op.add_column(table, sa.Column("hook", sa.Boolean(), server_default="false", nullable=False))
    op.add_column(table, sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.drop_constraint(op.f("ck_webhook_endpoints_state"), table, type_="check")
    for name, rule in (
        ("state", "state IN ('active', 'pending_verification', 'disabled')"),
        ("ordering", "ordering IN ('none', 'by_subject')"),
        ("concurrency", "concurrency BETWEEN 1 AND 20"),
        ("destination", "destination IN ('webhook', 'slack', 'hubspot', 'http')"),
        ("verification", "verification IN ('none', 'wanted', 'passed')"),
    ):
        op.create_check_constraint(op.f(f"ck_webhook_endpoints_{name}"), table, rule)
    op.execute("UPDATE webhook_endpoints SET state_reason = 'user' WHERE state = 'disabled'")


def _health() -> None:
    op.create_table(
        "webhook_health",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lowered_to", sa.Integer()),
        sa.Column("good_since", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("hold_until", TIME),
        sa.Column("breaker", sa.String(16), server_default="closed", nullable=False),
        sa.Column("open_until", TIME),
        sa.Column("openings", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("probes", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("unreachable", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failing_since", TIME),
        sa.Column("failed_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("exhausted", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_failed_at", TIME),
        sa.Column("last_code", sa.String(64)),
        sa.Column("last_event_id", sa.Uuid()),
        sa.Column("notices", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("gone_since", TIME),
        sa.Column("blocked_since", TIME),
        sa.Column("blocked", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("tokens", sa.Float()),
        sa.Column("tokens_at", TIME),
        sa.CheckConstraint("breaker IN ('closed', 'open', 'half_open')", name=op.f("ck_webhook_health_breaker")),
        sa.ForeignKeyConstraint(
            ["agency_id", "id"],
            ["webhook_endpoints.agency_id", "webhook_endpoints.id"],
            name=op.f("fk_webhook_health_agency_id_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_webhook_health")),
        postgresql_with={"fillfactor": 50},
    )
    op.execute("INSERT INTO webhook_health (agency_id, id) SELECT agency_id, id FROM webhook_endpoints")


def _replays() -> None:
    op.create_table(
        "webhook_replays",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("selected", sa.String(16), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("event_types", JSONB, nullable=False),
        sa.Column("subject_ids", JSONB, nullable=False),
        sa.Column("rate_per_second", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), server_default="running", nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("queued", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_transaction_id", sa.BigInteger()),
        sa.Column("last_event_id", sa.Uuid()),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("due_at", TIME),
        sa.Column("lease_until", TIME),
        sa.Column("lease_token", sa.Uuid()),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "selected IN ('failed', 'missing', 'skipped', 'all')", name=op.f("ck_webhook_replays_selected")
        ),
        sa.CheckConstraint("state IN ('running', 'completed', 'cancelled')", name=op.f("ck_webhook_replays_state")),
        sa.ForeignKeyConstraint(
            ["agency_id", "endpoint_id"],
            ["webhook_endpoints.agency_id", "webhook_endpoints.id"],
            name=op.f("fk_webhook_replays_agency_id_endpoint_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_webhook_replays")),
    )
    op.create_index("ix_webhook_replays_due", "webhook_replays", ["due_at"], postgresql_where=DUE)


def _deliveries() -> None:
    table = "webhook_deliveries"
    op.add_column(table, sa.Column("share", sa.String(8), server_default="first", nullable=False))
    op.add_column(table, sa.Column("ordered", sa.Boolean(), server_default="false", nullable=False))
    op.add_column(table, sa.Column("replay_id", sa.Uuid()))
    op.add_column(table, sa.Column("series_attempts", sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE webhook_deliveries SET series_attempts = attempt_count, share = 'again' WHERE attempt_count > 0")
    op.create_check_constraint(op.f("ck_webhook_deliveries_share"), table, "share IN ('first', 'again')")
    op.create_foreign_key(
        op.f("fk_webhook_deliveries_agency_id_replay_id"), table, "webhook_replays",
        ["agency_id", "replay_id"], ["agency_id", "id"],
    )  # fmt: skip
    op.execute("ALTER TABLE webhook_deliveries SET (fillfactor = 70)")
    op.drop_index("ix_webhook_deliveries_due", table)
    op.drop_index("ix_webhook_deliveries_event_all", table)
    op.drop_index("uq_webhook_deliveries_event", table)
    op.create_unique_constraint("uq_webhook_deliveries_event", table, ["agency_id", "event_id", "endpoint_id"])
    lane = ["agency_id", "endpoint_id", "share", "due_at"]
    op.create_index("ix_webhook_deliveries_lane", table, lane, postgresql_where=DUE)
    op.create_index(
        "ix_webhook_deliveries_undelivered", table, ["agency_id", "state", "id"],
        postgresql_where=sa.text("state IN ('exhausted', 'cancelled', 'skipped')"),
    )  # fmt: skip
    op.create_index(
        "ix_webhook_deliveries_order", table, ["agency_id", "endpoint_id", "subject_id", "sequence"],
        postgresql_where=sa.text("ordered AND state IN ('pending', 'retrying')"),
    )  # fmt: skip
    op.create_index(
        "ix_webhook_deliveries_replay", table, ["agency_id", "replay_id"],
        postgresql_where=sa.text("replay_id IS NOT NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_event_fanouts_subject", "event_fanouts")
    op.drop_column("event_fanouts", "sequence")
    op.drop_column("event_fanouts", "subject_id")
    op.drop_table("webhook_chores")
    op.drop_column("webhook_attempts", "part")
    table = "webhook_deliveries"
    for name in ("replay", "order", "undelivered", "lane"):
        op.drop_index(f"ix_webhook_deliveries_{name}", table)
    op.drop_constraint("uq_webhook_deliveries_event", table, type_="unique")
    op.create_index(
        "uq_webhook_deliveries_event", table, ["agency_id", "event_id", "endpoint_id"], unique=True,
        postgresql_where=sa.text("series = 'event'"),
    )  # fmt: skip
    op.create_index("ix_webhook_deliveries_event_all", table, ["agency_id", "event_id"])
    op.create_index("ix_webhook_deliveries_due", table, ["due_at"], postgresql_where=DUE)
    op.execute("ALTER TABLE webhook_deliveries RESET (fillfactor)")
    op.drop_constraint(op.f("fk_webhook_deliveries_agency_id_replay_id"), table, type_="foreignkey")
    for name in ("series_attempts", "replay_id", "ordered", "share"):
        op.drop_column(table, name)
    op.drop_table("webhook_replays")
    op.drop_table("webhook_health")
    table = "webhook_endpoints"
    # what the older version has no place for: destinations, and endpoints that are to be verified
    op.execute("UPDATE webhook_endpoints SET state = 'disabled' WHERE state <> 'active' OR destination <> 'webhook'")
    for name in ("verification", "destination", "concurrency", "ordering", "state"):
        op.drop_constraint(op.f(f"ck_webhook_endpoints_{name}"), table, type_="check")
    op.create_check_constraint(op.f("ck_webhook_endpoints_state"), table, "state IN ('active', 'disabled')")
    for name in (
        "version", "hook", "verification", "options_sealed", "destination", "rate_limit", "concurrency", "ordering",
        "paused_at", "state_reason",
    ):  # fmt: skip
        op.drop_column(table, name)
    op.alter_column(table, "state", type_=sa.String(16), existing_server_default=sa.text("'active'"))
