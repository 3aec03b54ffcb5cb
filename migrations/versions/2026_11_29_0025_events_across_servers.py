"""Numbers of events go on where they were on another server: see app/events/numbering.py."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

XACT = "pg_current_xact_id()::text::bigint"


def upgrade() -> None:
    op.execute(
        "CREATE FUNCTION transaction_base() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT 0::bigint'"
    )
    op.execute(f"ALTER TABLE events ALTER COLUMN transaction_id SET DEFAULT ({XACT} + transaction_base())")


def downgrade() -> None:
    op.execute(f"ALTER TABLE events ALTER COLUMN transaction_id SET DEFAULT ({XACT})")
    op.execute("DROP FUNCTION transaction_base()")
