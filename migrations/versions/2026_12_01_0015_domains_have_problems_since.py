"""The problem of a domain has a beginning."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agency_domains", sa.Column("problem_since", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE agency_domains SET problem_since = checked_at WHERE problem IS NOT NULL")


def downgrade() -> None:
    op.drop_column("agency_domains", "problem_since")
