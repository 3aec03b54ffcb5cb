"""Domains of agencies, and the domain at which an authorization began."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agency_domains",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("proof", sa.String(length=64), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(length=16), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_agency_domains_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_agency_domains")),
        sa.UniqueConstraint("agency_id", "host", name=op.f("uq_agency_domains_agency_id_host")),
    )
    op.create_index(
        "uq_agency_domains_verified", "agency_domains", ["host"], unique=True,
        postgresql_where=sa.text("verified_at IS NOT NULL"),
    )  # fmt: skip
    columns = "host,verified_at"
    call = f"EXECUTE FUNCTION record_audit_entry('agency_domain', '{{{columns}}}', '{{}}', '{{}}')"
    old, new = (", ".join(f'{row}."{name}"' for name in columns.split(",")) for row in ("OLD", "NEW"))
    op.execute(f"CREATE TRIGGER audit_rows AFTER INSERT OR DELETE ON agency_domains FOR EACH ROW {call}")
    op.execute(
        "CREATE TRIGGER audit_changes AFTER UPDATE ON agency_domains "
        f"FOR EACH ROW WHEN (ROW({old}) IS DISTINCT FROM ROW({new})) {call}"
    )
    op.add_column("agencies", sa.Column("domain", sa.String(length=253), nullable=True))
    op.add_column("authorizations", sa.Column("domain", sa.String(length=253), nullable=True))


def downgrade() -> None:
    op.drop_column("authorizations", "domain")
    op.drop_column("agencies", "domain")
    op.drop_table("agency_domains")
