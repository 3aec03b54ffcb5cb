"""Notices to members about their links: which each member wants. What happened before is told to nobody."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "members",
        sa.Column("notices_off", sa.ARRAY(sa.String(length=16)), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("members", sa.Column("digest", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute("INSERT INTO webhook_tasks (id, due_at, reached) VALUES ('notices', now(), now())")


def downgrade() -> None:
    op.execute("DELETE FROM webhook_tasks WHERE id = 'notices'")
    op.drop_column("members", "digest")
    op.drop_column("members", "notices_off")
