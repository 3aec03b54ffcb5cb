"""Members may have no password: they sign in by passkey or at an OpenID provider."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("members", "password_hash", existing_type=sa.String(255), nullable=True)


def downgrade() -> None:
    # the hash of no password: a one-time address leads to one
    op.execute("UPDATE members SET password_hash = 'none' WHERE password_hash IS NULL")
    op.alter_column("members", "password_hash", existing_type=sa.String(255), nullable=False)
