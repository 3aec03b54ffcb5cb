"""Written platforms: who the agency is there, what the client says is done, and links without a Business Center."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
    op.add_column("access_requests", sa.Column("client_attested_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("access_requests", sa.Column("client_attested_by", sa.String(length=200), nullable=True))
    op.add_column("access_requests", sa.Column("steps", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("intakes", sa.Column("others_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("links", "agency_bc_id", nullable=True)


def downgrade() -> None:
    # a link of written platforms alone has no Business Center to tell the old code of
    op.execute("UPDATE links SET agency_bc_id = '' WHERE agency_bc_id IS NULL")
    op.alter_column("links", "agency_bc_id", nullable=False)
    op.drop_column("intakes", "others_at")
    op.drop_column("access_requests", "steps")
    op.drop_column("access_requests", "client_attested_by")
    op.drop_column("access_requests", "client_attested_at")
    op.drop_table("platform_identities")
