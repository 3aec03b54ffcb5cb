"""Verified domains are due for their next check."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agency_domains", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("agency_domains", sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("agency_domains", sa.Column("lease_token", sa.Uuid(), nullable=True))
    op.add_column("agency_domains", sa.Column("tries", sa.Integer(), server_default="0", nullable=False))
    op.create_index(
        "ix_agency_domains_due", "agency_domains", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.execute(
        "CREATE TRIGGER wake_workers AFTER INSERT OR UPDATE OF due_at ON agency_domains FOR EACH ROW "
        "WHEN (NEW.due_at <= now() + interval '2 seconds' AND NEW.lease_until IS NULL) EXECUTE FUNCTION wake_workers()"
    )
    op.execute("UPDATE agency_domains SET due_at = now() WHERE verified_at IS NOT NULL")


def downgrade() -> None:
    op.execute("DROP TRIGGER wake_workers ON agency_domains")
    op.drop_index("ix_agency_domains_due", "agency_domains")
    for name in ("tries", "lease_token", "lease_until", "due_at"):
        op.drop_column("agency_domains", name)
