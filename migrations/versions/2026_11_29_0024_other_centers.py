"""Where an asset is shared from, if the client typed another Business Center, and when that was last searched for."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("access_requests", sa.Column("shared_from_bc_id", sa.String(length=32), nullable=True))
    op.add_column("handshakes", sa.Column("searched_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("handshakes", "searched_at")
    op.drop_column("access_requests", "shared_from_bc_id")
