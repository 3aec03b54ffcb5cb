"""Erasure of personal data: when a client asked for it, and when it was done."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("erasure_requested_at", "personal_data_erased_at"):
        op.add_column("links", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.alter_column("consents", "name", existing_type=sa.String(length=200), nullable=True)


def downgrade() -> None:
    op.execute("UPDATE consents SET name = '' WHERE name IS NULL")
    op.alter_column("consents", "name", existing_type=sa.String(length=200), nullable=False)
    for name in ("personal_data_erased_at", "erasure_requested_at"):
        op.drop_column("links", name)
