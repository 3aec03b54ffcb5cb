"""Reminders to clients: the schedule of an agency and of a link. Agencies that there are keep sending none."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_BEFORE = ("name", "slug", "contact_name", "contact_email", "brand", "language")


def upgrade() -> None:
    op.add_column(
        "agencies", sa.Column("reminders", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False)
    )
    op.execute("""UPDATE agencies SET reminders = '{"days": []}'""")
    _audit(*_BEFORE, "reminders")
    op.add_column("links", sa.Column("reminder_days", sa.ARRAY(sa.SmallInteger()), nullable=True))
    op.add_column("links", sa.Column("time_zone", sa.String(length=64), nullable=True))
    op.add_column("links", sa.Column("reminders_sent", sa.SmallInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("links", sa.Column("reminded_turn", sa.DateTime(timezone=True), nullable=True))
    op.add_column("links", sa.Column("reminders_ended_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("INSERT INTO webhook_tasks (id, due_at) VALUES ('reminders', now())")


def downgrade() -> None:
    op.execute("DELETE FROM webhook_tasks WHERE id = 'reminders'")
    for name in ("reminders_ended_at", "reminded_turn", "reminders_sent", "time_zone", "reminder_days"):
        op.drop_column("links", name)
    _audit(*_BEFORE)
    op.drop_column("agencies", "reminders")


def _audit(*columns: str) -> None:
    """Triggers that record changes of these columns."""
    call = (
        f"EXECUTE FUNCTION record_audit_entry('agency', '{{{','.join(columns)}}}', '{{contact_name,contact_email}}', "
        "'{}')"
    )
    old, new = (", ".join(f'{row}."{name}"' for name in columns) for row in ("OLD", "NEW"))
    op.execute("DROP TRIGGER audit_rows ON agencies")
    op.execute("DROP TRIGGER audit_changes ON agencies")
    op.execute(f"CREATE TRIGGER audit_rows AFTER INSERT OR DELETE ON agencies FOR EACH ROW {call}")
    op.execute(
        "CREATE TRIGGER audit_changes AFTER UPDATE ON agencies "
        f"FOR EACH ROW WHEN (ROW({old}) IS DISTINCT FROM ROW({new})) {call}"
    )
