"""Seals of events and audit entries, and a salt for each personal part."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

PERSONAL = ("event_personal", "audit_personal")


def upgrade() -> None:
    for table in PERSONAL:
        op.add_column(table, sa.Column("salt", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False))
    op.create_table(
        "audit_seals",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.Uuid(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("record_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("commitments", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("seal_encrypted", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_audit_seals_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_audit_seals")),
        sa.UniqueConstraint("agency_id", "number", name=op.f("uq_audit_seals_agency_id_number")),
    )
    op.create_index("ix_audit_seals_place", "audit_seals", ["agency_id", "transaction_id", "last_id"], unique=False)
    op.create_table(
        "audit_sealers",
        sa.Column("id", sa.String(length=8), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_sealers")),
    )
    op.execute(
        "CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals "
        "FOR EACH ROW EXECUTE FUNCTION is_append_only()"
    )
    op.execute(
        "CREATE TRIGGER audit_seals_no_truncate BEFORE TRUNCATE ON audit_seals "
        "FOR EACH STATEMENT EXECUTE FUNCTION is_append_only()"
    )
    op.execute(
        "CREATE TRIGGER wake_workers AFTER INSERT OR UPDATE OF due_at ON audit_sealers FOR EACH ROW "
        "WHEN (NEW.due_at <= now() + interval '2 seconds' AND NEW.lease_until IS NULL) EXECUTE FUNCTION wake_workers()"
    )
    op.execute("INSERT INTO audit_sealers (id, due_at) VALUES ('sealer', now())")


def downgrade() -> None:
    op.drop_table("audit_sealers")
    op.drop_table("audit_seals")
    for table in PERSONAL:
        op.drop_column(table, "salt")
