"""Commits of due rows wake sleeping workers: see app/kit/poller.py."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLES = (
    "connections", "event_fanouts", "handshakes", "idempotency_keys", "imports", "links", "mails", "openings",
    "webhook_chores", "webhook_deliveries", "webhook_replays",
)  # fmt: skip
#: What is due a little later is found by a worker's next look.
SOON = "interval '2 seconds'"


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION wake_workers() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NOT pg_try_advisory_xact_lock_shared(2002873189) THEN
            PERFORM pg_notify('keyturn_due', TG_TABLE_NAME);
          END IF;
          RETURN NULL;
        END $$
        """
    )
    for table in TABLES:
        op.execute(
            f"""
            CREATE TRIGGER wake_workers AFTER INSERT OR UPDATE OF due_at ON {table} FOR EACH ROW
            WHEN (NEW.due_at <= now() + {SOON} AND NEW.lease_until IS NULL) EXECUTE FUNCTION wake_workers()
            """
        )


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TRIGGER wake_workers ON {table}")
    op.execute("DROP FUNCTION wake_workers()")
