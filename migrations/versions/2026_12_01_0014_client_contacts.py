"""Contacts of clients that agencies add, and the time at which a client named its own."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "client_contacts",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role IN ('approver', 'billing', 'technical')", name=op.f("ck_client_contacts_role")),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_client_contacts_agency_id_client_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_client_contacts")),
    )
    op.create_index("ix_client_contacts_client_id", "client_contacts", ["agency_id", "client_id", "id"])
    columns = "client_id,role,name,email"
    call = f"EXECUTE FUNCTION record_audit_entry('client_contact', '{{{columns}}}', '{{name,email}}', '{{}}')"
    old, new = (", ".join(f'{row}."{name}"' for name in columns.split(",")) for row in ("OLD", "NEW"))
    op.execute(f"CREATE TRIGGER audit_rows AFTER INSERT OR DELETE ON client_contacts FOR EACH ROW {call}")
    op.execute(
        "CREATE TRIGGER audit_changes AFTER UPDATE ON client_contacts "
        f"FOR EACH ROW WHEN (ROW({old}) IS DISTINCT FROM ROW({new})) {call}"
    )
    op.add_column("intakes", sa.Column("contacts_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE intakes SET contacts_at = updated_at WHERE jsonb_typeof(contacts) = 'array'")


def downgrade() -> None:
    op.drop_column("intakes", "contacts_at")
    op.drop_table("client_contacts")
