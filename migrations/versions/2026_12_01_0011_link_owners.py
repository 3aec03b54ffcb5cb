"""Owner of a link: the member who looks after it; and the index for the numbers of public links."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_BEFORE = (
    "client_id", "external_id", "preset", "preset_version", "requested_by", "language", "expires_at", "revoked_at",
    "public_link_id",
)  # fmt: skip


def upgrade() -> None:
    op.add_column("links", sa.Column("owner_member_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_links_agency_id_owner_member_id"), "links", "members", ["agency_id", "owner_member_id"],
        ["agency_id", "id"],
    )  # fmt: skip
    op.create_index(
        "ix_links_owner", "links", ["agency_id", "owner_member_id", "stage", "next_actor_since", "id"],
        postgresql_include=["next_actor"], postgresql_where=sa.text("owner_member_id IS NOT NULL"),
    )  # fmt: skip
    op.create_index(
        "ix_links_public_link", "links", ["agency_id", "public_link_id"],
        postgresql_include=["submitted_at", "completed_at"],
        postgresql_where=sa.text("public_link_id IS NOT NULL"),
    )  # fmt: skip
    _audit(*_BEFORE, "owner_member_id")


def downgrade() -> None:
    _audit(*_BEFORE)
    op.drop_index("ix_links_public_link", "links")
    op.drop_index("ix_links_owner", "links")
    op.drop_constraint(op.f("fk_links_agency_id_owner_member_id"), "links")
    op.drop_column("links", "owner_member_id")


def _audit(*columns: str) -> None:
    """Triggers that record changes of these columns."""
    call = f"EXECUTE FUNCTION record_audit_entry('link', '{{{','.join(columns)}}}', '{{requested_by}}', '{{}}')"
    old, new = (", ".join(f'{row}."{name}"' for name in columns) for row in ("OLD", "NEW"))
    op.execute("DROP TRIGGER audit_rows ON links")
    op.execute("DROP TRIGGER audit_changes ON links")
    op.execute(f"CREATE TRIGGER audit_rows AFTER INSERT OR DELETE ON links FOR EACH ROW {call}")
    op.execute(
        "CREATE TRIGGER audit_changes AFTER UPDATE ON links "
        f"FOR EACH ROW WHEN (ROW({old}) IS DISTINCT FROM ROW({new})) {call}"
    )
