"""Links that a client opened and left unfinished."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("links", sa.Column("abandoned_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_links_unfinished",
        "links",
        ["opened_at"],
        postgresql_where=sa.text("status IN ('opened', 'in_progress')"),
    )
    op.execute("INSERT INTO webhook_tasks (id, due_at) VALUES ('abandoned', now())")


def downgrade() -> None:
    op.execute("DELETE FROM webhook_tasks WHERE id = 'abandoned'")
    op.drop_index("ix_links_unfinished", "links")
    op.drop_column("links", "abandoned_at")
