"""Events are fanned out for agencies in turn: the oldest marks of each are found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_event_fanouts_turn",
        "event_fanouts",
        ["agency_id", "due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_event_fanouts_turn", "event_fanouts")
