"""The rate budget of each developer app, shared by all processes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_budgets",
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("app_id", sa.String(length=64), nullable=False),
        sa.Column("granted", sa.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("minute", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("reduced_to", sa.Integer(), nullable=True),
        sa.Column("setbacks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("limited_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("closed_until", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("raised_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("platform", "app_id", name=op.f("pk_call_budgets")),
    )


def downgrade() -> None:
    op.drop_table("call_budgets")
