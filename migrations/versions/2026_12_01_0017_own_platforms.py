"""Own platforms of agencies, the pictures of their steps, and the version that a link has."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "own_platforms",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", postgresql.JSONB(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_own_platforms_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_own_platforms")),
        sa.UniqueConstraint("agency_id", "key", "version", name=op.f("uq_own_platforms_agency_id_key_version")),
    )
    columns = "key,version,definition,archived_at"
    call = f"EXECUTE FUNCTION record_audit_entry('own_platform', '{{{columns}}}', '{{definition}}', '{{}}')"
    old, new = (", ".join(f'{row}."{name}"' for name in columns.split(",")) for row in ("OLD", "NEW"))
    op.execute(f"CREATE TRIGGER audit_rows AFTER INSERT OR DELETE ON own_platforms FOR EACH ROW {call}")
    op.execute(
        "CREATE TRIGGER audit_changes AFTER UPDATE ON own_platforms "
        f"FOR EACH ROW WHEN (ROW({old}) IS DISTINCT FROM ROW({new})) {call}"
    )
    op.create_table(
        "platform_pictures",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_platform_pictures_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "sha256", name=op.f("pk_platform_pictures")),
    )
    op.add_column("link_platforms", sa.Column("own_version", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_link_platforms_agency_id_platform_own_version"), "link_platforms", "own_platforms",
        ["agency_id", "platform", "own_version"], ["agency_id", "key", "version"],
    )  # fmt: skip


def downgrade() -> None:
    op.drop_constraint(op.f("fk_link_platforms_agency_id_platform_own_version"), "link_platforms", type_="foreignkey")
    op.drop_column("link_platforms", "own_version")
    op.drop_table("platform_pictures")
    op.drop_table("own_platforms")
