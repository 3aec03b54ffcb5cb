"""The end of an agency's set-up, and the mail server's own words about an e-mail."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agencies", sa.Column("set_up_ended_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE agencies SET set_up_ended_at = now()")  # those that work already need no first steps
    op.add_column("mails", sa.Column("detail", sa.String(length=500), nullable=True))


def downgrade() -> None:
    op.drop_column("mails", "detail")
    op.drop_column("agencies", "set_up_ended_at")
