"""Kickoffs: live checks of a link before the launch."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kickoffs",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("ran_by", sa.String(length=200), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("launch_ready", sa.Boolean(), nullable=False),
        sa.Column("checks", postgresql.JSONB(), nullable=False),
        sa.Column("share_token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("share_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"], ["links.agency_id", "links.id"], name=op.f("fk_kickoffs_agency_id_link_id")
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_kickoffs")),
        sa.UniqueConstraint("share_token_hash", name=op.f("uq_kickoffs_share_token_hash")),
    )
    op.create_index("ix_kickoffs_link_id", "kickoffs", ["agency_id", "link_id", "id"])
    columns = "link_id,ran_by,took_ms,launch_ready,checks,share_token_hash,share_expires_at"
    call = (
        f"EXECUTE FUNCTION record_audit_entry('kickoff', '{{{columns}}}', '{{ran_by,checks}}', '{{share_token_hash}}')"
    )
    old, new = (", ".join(f'{row}."{name}"' for name in columns.split(",")) for row in ("OLD", "NEW"))
    op.execute(f"CREATE TRIGGER audit_rows AFTER INSERT OR DELETE ON kickoffs FOR EACH ROW {call}")
    op.execute(
        "CREATE TRIGGER audit_changes AFTER UPDATE ON kickoffs "
        f"FOR EACH ROW WHEN (ROW({old}) IS DISTINCT FROM ROW({new})) {call}"
    )


def downgrade() -> None:
    op.drop_table("kickoffs")
