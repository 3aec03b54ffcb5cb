"""Events of a type are found without reading all others: for the feed of one who follows a few types."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_events_type", "events", ["agency_id", "type", "transaction_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_events_type", "events")
