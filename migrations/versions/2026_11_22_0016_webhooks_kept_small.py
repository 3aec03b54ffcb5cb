"""Keeping webhooks small: how far a chore has come, and deliveries that wait for their turn."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook_chores", sa.Column("reached", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_webhook_deliveries_waiting", "webhook_deliveries", ["agency_id", "id"],
        postgresql_where=sa.text("due_at IS NULL AND state IN ('pending', 'retrying')"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_webhook_deliveries_waiting", "webhook_deliveries")
    op.drop_column("webhook_chores", "reached")
