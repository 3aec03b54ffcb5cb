"""Lists by `updated_since` lose no change: its time is taken under a lock that says which changes are still open."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

FOLLOWED = ("clients", "links", "grants")

# An advisory lock's key holds when the transaction began: 16 bits that say what it is, 48 of milliseconds. It is taken
# before the clock is read, so a reader that does not find it may trust that the time is later than its own.
CHANGED_AT = """
CREATE FUNCTION changed_at() RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared((19284::bigint << 48) | floor(extract(epoch FROM now()) * 1000)::bigint);
    RETURN clock_timestamp();
END $$
"""
SETTLED = """
CREATE FUNCTION changes_settled() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT least(
        statement_timestamp(),
        to_timestamp(min(((classid::bigint & 65535) << 32) | objid::bigint) / 1000.0)
    )
    FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = 19284
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
$$
"""


def upgrade() -> None:
    op.execute(CHANGED_AT)
    op.execute(SETTLED)
    for table in FOLLOWED:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN updated_at SET DEFAULT changed_at()")
        op.create_index(f"ix_{table}_agency_id_updated_at_id", table, ["agency_id", "updated_at", "id"])
    op.create_index("ix_grants_agency_id_access_request_id", "grants", ["agency_id", "access_request_id"])
    op.create_index("ix_links_agency_id_client_id", "links", ["agency_id", "client_id"])


def downgrade() -> None:
    op.drop_index("ix_links_agency_id_client_id", "links")
    op.drop_index("ix_grants_agency_id_access_request_id", "grants")
    for table in FOLLOWED:
        op.drop_index(f"ix_{table}_agency_id_updated_at_id", table)
        op.execute(f"ALTER TABLE {table} ALTER COLUMN updated_at SET DEFAULT now()")
    op.execute("DROP FUNCTION changes_settled()")
    op.execute("DROP FUNCTION changed_at()")
