"""Access requests and grants for pixels, people and taking access away; what became of a trip; handshakes that only watch."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

THROUGH: sa.ColumnElement[str] = sa.literal_column("coalesce(through_id, '')")
NOT_ENDED = sa.text("state <> 'ended'")


def upgrade() -> None:
    op.add_column("access_requests", sa.Column("through_id", sa.String(64)))
    op.add_column("access_requests", sa.Column("role_first", sa.String(32)))
    op.add_column("access_requests", sa.Column("role_reason", sa.String(500)))
    op.add_column("access_requests", sa.Column("needs_events", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("access_requests", sa.Column("person_email", sa.String(254)))
    op.add_column("access_requests", sa.Column("reduce_at", sa.DateTime(timezone=True)))
    op.add_column("access_requests", sa.Column("unwanted_at", sa.DateTime(timezone=True)))
    op.create_index(
        "uq_access_requests_asset",
        "access_requests",
        ["agency_id", "link_id", "kind", "asset_id", THROUGH],
        unique=True,
    )
    op.drop_constraint("uq_access_requests_agency_id_link_id_kind_asset_id", "access_requests", type_="unique")
    op.add_column("authorisations", sa.Column("outcome", sa.String(16)))
    op.add_column("grants", sa.Column("through_id", sa.String(64)))
    op.add_column("grants", sa.Column("origin", sa.String(8), server_default="asked", nullable=False))
    op.add_column("grants", sa.Column("revocation_requested_at", sa.DateTime(timezone=True)))
    op.add_column("grants", sa.Column("ended_at", sa.DateTime(timezone=True)))
    op.drop_constraint(op.f("ck_grants_state"), "grants", type_="check")
    op.create_check_constraint(op.f("ck_grants_state"), "grants", "state IN ('live', 'drifted', 'revoking', 'ended')")
    op.create_check_constraint(op.f("ck_grants_origin"), "grants", "origin IN ('asked', 'found')")
    op.drop_index("uq_grants_asset", "grants")
    op.create_index(
        "uq_grants_asset",
        "grants",
        ["agency_id", "client_id", "platform", "kind", "asset_id", THROUGH, "agency_bc_id"],
        unique=True,
        postgresql_where=NOT_ENDED,
    )
    op.add_column("handshakes", sa.Column("watching", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    op.drop_column("handshakes", "watching")
    # what the older version has no place for: pixels by ad account, and access on its way out
    op.execute("DELETE FROM grants WHERE through_id IS NOT NULL")
    op.execute("DELETE FROM access_requests WHERE through_id IS NOT NULL")
    op.execute("UPDATE grants SET state = 'live' WHERE state = 'revoking'")
    op.drop_index("uq_grants_asset", "grants")
    op.create_index(
        "uq_grants_asset",
        "grants",
        ["agency_id", "client_id", "platform", "kind", "asset_id", "agency_bc_id"],
        unique=True,
        postgresql_where=NOT_ENDED,
    )
    op.drop_constraint(op.f("ck_grants_origin"), "grants", type_="check")
    op.drop_constraint(op.f("ck_grants_state"), "grants", type_="check")
    op.create_check_constraint(op.f("ck_grants_state"), "grants", "state IN ('live', 'drifted', 'ended')")
    for column in ("ended_at", "revocation_requested_at", "origin", "through_id"):
        op.drop_column("grants", column)
    op.drop_column("authorisations", "outcome")
    op.create_unique_constraint(
        "uq_access_requests_agency_id_link_id_kind_asset_id",
        "access_requests",
        ["agency_id", "link_id", "kind", "asset_id"],
    )
    op.drop_index("uq_access_requests_asset", "access_requests")
    for column in (
        "unwanted_at", "reduce_at", "person_email", "needs_events", "role_reason", "role_first", "through_id",
    ):  # fmt: skip
        op.drop_column("access_requests", column)
