"""Public links can be paused."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None
_BEFORE = (
    "preset", "preset_version", "language", "requested_by", "agency_account_ids", "token_hash", "token_encrypted",
    "most_uses", "most_per_hour", "expires_at",
)  # fmt: skip


def upgrade() -> None:
    op.add_column("public_links", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
    _audit(*_BEFORE, "paused_at", "revoked_at")


def downgrade() -> None:
    _audit(*_BEFORE, "revoked_at")
    op.drop_column("public_links", "paused_at")


def _audit(*columns: str) -> None:
    """Triggers that record changes of these columns."""
    call = (
        f"EXECUTE FUNCTION record_audit_entry('public_link', '{{{','.join(columns)}}}', '{{requested_by}}', "
        "'{token_hash,token_encrypted}')"
    )
    old, new = (", ".join(f'{row}."{name}"' for name in columns) for row in ("OLD", "NEW"))
    op.execute("DROP TRIGGER audit_rows ON public_links")
    op.execute("DROP TRIGGER audit_changes ON public_links")
    op.execute(f"CREATE TRIGGER audit_rows AFTER INSERT OR DELETE ON public_links FOR EACH ROW {call}")
    op.execute(
        "CREATE TRIGGER audit_changes AFTER UPDATE ON public_links "
        f"FOR EACH ROW WHEN (ROW({old}) IS DISTINCT FROM ROW({new})) {call}"
    )
