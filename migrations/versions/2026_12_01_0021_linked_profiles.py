"""The client says which public profile it linked, and how it signs in there."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("link_platforms", sa.Column("linked_profile", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("link_platforms", "linked_profile")
