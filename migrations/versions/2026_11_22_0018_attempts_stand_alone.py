"""Attempts need no look at their delivery when they are written: pruning takes both away."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_KEY = "fk_webhook_attempts_agency_id_delivery_id"


def upgrade() -> None:
    op.drop_constraint(_KEY, "webhook_attempts")


def downgrade() -> None:
    op.execute(
        "DELETE FROM webhook_attempts a WHERE NOT EXISTS (SELECT FROM webhook_deliveries d "
        "WHERE d.agency_id = a.agency_id AND d.id = a.delivery_id)"
    )
    op.create_foreign_key(
        _KEY, "webhook_attempts", "webhook_deliveries", ["agency_id", "delivery_id"], ["agency_id", "id"],
        ondelete="CASCADE",
    )  # fmt: skip
