"""Buyers of Business Centers and links, and whether each of them can open what was shared."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "buyer_lists",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("business_center_id", sa.Uuid()),
        sa.Column("link_id", sa.Uuid()),
        sa.Column("people", postgresql.JSONB(), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("(business_center_id IS NULL) <> (link_id IS NULL)", name=op.f("ck_buyer_lists_one_place")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_buyer_lists_agency_id")),
        sa.ForeignKeyConstraint(
            ["agency_id", "business_center_id"],
            ["business_centers.agency_id", "business_centers.id"],
            name=op.f("fk_buyer_lists_agency_id_business_center_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"],
            ["links.agency_id", "links.id"],
            name=op.f("fk_buyer_lists_agency_id_link_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_buyer_lists")),
        sa.UniqueConstraint(
            "agency_id", "business_center_id", name=op.f("uq_buyer_lists_agency_id_business_center_id")
        ),
        sa.UniqueConstraint("agency_id", "link_id", name=op.f("uq_buyer_lists_agency_id_link_id")),
    )
    op.create_table(
        "openings",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("agency_bc_id", sa.String(32), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("wanted", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("ours", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("requested_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("state", sa.String(16), server_default="waiting", nullable=False),
        sa.Column("code", sa.String(48)),
        sa.Column("role_seen", sa.String(32)),
        sa.Column("seen_at", MOMENT),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", MOMENT),
        sa.Column("lease_until", MOMENT),
        sa.Column("lease_token", sa.Uuid()),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'open', 'blocked', 'leaving', 'ended')", name=op.f("ck_openings_state")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_openings_agency_id")),
        sa.ForeignKeyConstraint(
            ["agency_id", "grant_id"],
            ["grants.agency_id", "grants.id"],
            name=op.f("fk_openings_agency_id_grant_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_openings")),
        sa.UniqueConstraint("agency_id", "grant_id", "email", name=op.f("uq_openings_agency_id_grant_id_email")),
    )
    op.create_index("ix_openings_due", "openings", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    op.add_column("exchanges", sa.Column("grant_id", sa.Uuid()))
    op.create_foreign_key(
        op.f("fk_exchanges_agency_id_grant_id"), "exchanges", "grants", ["agency_id", "grant_id"], ["agency_id", "id"]
    )
    op.create_index(
        "ix_exchanges_grant_id",
        "exchanges",
        ["agency_id", "grant_id", "id"],
        postgresql_where=sa.text("grant_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_exchanges_grant_id", "exchanges")
    op.drop_constraint(op.f("fk_exchanges_agency_id_grant_id"), "exchanges", type_="foreignkey")
    op.drop_column("exchanges", "grant_id")
    op.drop_table("openings")
    op.drop_table("buyer_lists")
