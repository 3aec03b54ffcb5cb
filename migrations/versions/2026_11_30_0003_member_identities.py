"""Identities of members at OpenID providers."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "member_identities",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "member_id"], ["members.agency_id", "members.id"],
            name=op.f("fk_member_identities_agency_id_member_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_member_identities")),
        sa.UniqueConstraint(
            "issuer", "subject", "agency_id", name=op.f("uq_member_identities_issuer_subject_agency_id")
        ),
    )  # fmt: skip
    columns = "member_id,issuer,subject"
    call = f"EXECUTE FUNCTION record_audit_entry('member_identity', '{{{columns}}}', '{{subject}}', '{{}}')"
    old, new = (", ".join(f'{row}."{name}"' for name in columns.split(",")) for row in ("OLD", "NEW"))
    op.execute(f"CREATE TRIGGER audit_rows AFTER INSERT OR DELETE ON member_identities FOR EACH ROW {call}")
    op.execute(
        "CREATE TRIGGER audit_changes AFTER UPDATE ON member_identities "
        f"FOR EACH ROW WHEN (ROW({old}) IS DISTINCT FROM ROW({new})) {call}"
    )


def downgrade() -> None:
    op.drop_table("member_identities")
