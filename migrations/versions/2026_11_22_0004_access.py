"""Connections, handshakes, their exchanges, and grants."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
        "exchanges",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("handshake_id", sa.Uuid(), nullable=True),
        sa.Column("connection_id", sa.Uuid(), nullable=True),
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
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_exchanges_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_exchanges")),
    )
    op.create_index("ix_exchanges_handshake_id", "exchanges", ["agency_id", "handshake_id", "id"], unique=False)
    op.create_table(
        "handshakes",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("bc_id", sa.String(length=32), nullable=False),
        sa.Column("agency_bc_id", sa.String(length=32), nullable=False),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("setbacks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
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
            "bc_id",
            "agency_bc_id",
            name=op.f("uq_handshakes_agency_id_client_id_platform_bc_id_agency_bc_id"),
        ),
    )
    op.create_index(
        "ix_handshakes_due", "handshakes", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_table(
        "authorisations",
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
        sa.Column("code_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("exchanged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(link_id IS NULL) <> (invitation_id IS NULL)", name=op.f("ck_authorisations_one_purpose")),
        sa.ForeignKeyConstraint(
            ["agency_id", "invitation_id"],
            ["connect_invitations.agency_id", "connect_invitations.id"],
            name=op.f("fk_authorisations_agency_id_invitation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"], ["links.agency_id", "links.id"], name=op.f("fk_authorisations_agency_id_link_id")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_authorisations_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_authorisations")),
        sa.UniqueConstraint("handle_hash", name=op.f("uq_authorisations_handle_hash")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_authorisations_state_hash")),
    )
    op.create_index("ix_authorisations_link_id", "authorisations", ["agency_id", "link_id"], unique=False)
    op.create_table(
        "connections",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("app_id", sa.String(length=64), nullable=False),
        sa.Column("scopes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
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
            "(state = 'revoked') = (token_sealed IS NULL)", name=op.f("ck_connections_revoked_token_is_gone")
        ),
        sa.CheckConstraint("side IN ('client', 'agency')", name=op.f("ck_connections_side")),
        sa.CheckConstraint("state IN ('live', 'dead', 'revoked')", name=op.f("ck_connections_state")),
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
    op.create_index("ix_connections_client", "connections", ["agency_id", "client_id", "state"], unique=False)
    op.create_index(
        "ix_connections_due", "connections", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_table(
        "grants",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("access_request_id", sa.Uuid(), nullable=True),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("asset_id", sa.String(length=64), nullable=False),
        sa.Column("asset_name", sa.String(length=200), nullable=True),
        sa.Column("bc_id", sa.String(length=32), nullable=False),
        sa.Column("agency_bc_id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("seen_by", sa.String(length=8), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("drifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('live', 'drifted', 'ended')", name=op.f("ck_grants_state")),
        sa.ForeignKeyConstraint(
            ["agency_id", "access_request_id"],
            ["asks.agency_id", "asks.id"],
            name=op.f("fk_grants_agency_id_access_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"], ["clients.agency_id", "clients.id"], name=op.f("fk_grants_agency_id_client_id")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_grants_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_grants")),
    )
    op.create_index(
        "uq_grants_asset",
        "grants",
        ["agency_id", "client_id", "platform", "kind", "asset_id", "agency_bc_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'ended'"),
    )


def downgrade() -> None:
    op.drop_index("uq_grants_asset", table_name="grants", postgresql_where=sa.text("state <> 'ended'"))
    op.drop_table("grants")
    op.drop_index("ix_connections_due", table_name="connections", postgresql_where=sa.text("due_at IS NOT NULL"))
    op.drop_index("ix_connections_client", table_name="connections")
    op.drop_table("connections")
    op.drop_index("ix_authorisations_link_id", table_name="authorisations")
    op.drop_table("authorisations")
    op.drop_index("ix_handshakes_due", table_name="handshakes", postgresql_where=sa.text("due_at IS NOT NULL"))
    op.drop_table("handshakes")
    op.drop_index("ix_exchanges_handshake_id", table_name="exchanges")
    op.drop_table("exchanges")
    op.drop_table("connect_invitations")
