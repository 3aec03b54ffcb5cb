"""Step links: what one platform needs from a client is done by somebody else, in a browser limited to that step."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "step_links",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=120), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("token_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"], ["links.agency_id", "links.id"], name=op.f("fk_step_links_agency_id_link_id")
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_step_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_step_links_token_hash")),
    )
    op.create_index("ix_step_links_link_id", "step_links", ["agency_id", "link_id", "id"])
    op.add_column("link_sessions", sa.Column("step_link_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_link_sessions_agency_id_step_link_id"),
        "link_sessions",
        "step_links",
        ["agency_id", "step_link_id"],
        ["agency_id", "id"],
    )
    columns = "link_id,platform,person,expires_at,opened_at,revoked_at"
    call = f"EXECUTE FUNCTION record_audit_entry('step_link', '{{{columns}}}', '{{person}}', '{{}}')"
    old, new = (", ".join(f'{row}."{name}"' for name in columns.split(",")) for row in ("OLD", "NEW"))
    op.execute(f"CREATE TRIGGER audit_rows AFTER INSERT OR DELETE ON step_links FOR EACH ROW {call}")
    op.execute(
        "CREATE TRIGGER audit_changes AFTER UPDATE ON step_links "
        f"FOR EACH ROW WHEN (ROW({old}) IS DISTINCT FROM ROW({new})) {call}"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("fk_link_sessions_agency_id_step_link_id"), "link_sessions")
    op.drop_column("link_sessions", "step_link_id")
    op.drop_table("step_links")
