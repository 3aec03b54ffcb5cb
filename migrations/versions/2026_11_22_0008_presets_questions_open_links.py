"""Presets of an agency's own, questions with their answers and files, public links."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "public_links",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("preset", sa.String(length=64), nullable=False),
        sa.Column("preset_version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("requested_by", sa.String(length=120), nullable=False),
        sa.Column("agency_bc_id", sa.String(length=32), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("uses", sa.Integer(), server_default="0", nullable=False),
        sa.Column("most_uses", sa.Integer(), nullable=True),
        sa.Column("most_per_hour", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_public_links_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_public_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_public_links_token_hash")),
    )
    op.create_table(
        "presets",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_presets_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_presets")),
        sa.UniqueConstraint("agency_id", "slug", "version", name=op.f("uq_presets_agency_id_slug_version")),
    )
    op.create_table(
        "intake_answers",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"], ["links.agency_id", "links.id"], name=op.f("fk_intake_answers_agency_id_link_id")
        ),
        sa.PrimaryKeyConstraint("agency_id", "link_id", "key", name=op.f("pk_intake_answers")),
    )
    op.create_table(
        "intake_files",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"], ["links.agency_id", "links.id"], name=op.f("fk_intake_files_agency_id_link_id")
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_intake_files")),
    )
    op.create_index("ix_intake_files_link_id", "intake_files", ["agency_id", "link_id"], unique=False)
    op.create_table(
        "public_link_uses",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_link_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("form_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"],
            ["links.agency_id", "links.id"],
            name=op.f("fk_public_link_uses_agency_id_link_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "public_link_id"],
            ["public_links.agency_id", "public_links.id"],
            name=op.f("fk_public_link_uses_agency_id_public_link_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_public_link_uses")),
        sa.UniqueConstraint(
            "agency_id",
            "public_link_id",
            "form_hash",
            name=op.f("uq_public_link_uses_agency_id_public_link_id_form_hash"),
        ),
    )
    op.create_index(
        "ix_public_link_uses_public_link_id",
        "public_link_uses",
        ["agency_id", "public_link_id", "created_at"],
        unique=False,
    )
    op.add_column("links", sa.Column("public_link_id", sa.Uuid(), nullable=True))
    op.add_column("links", sa.Column("claimed_external_id", sa.String(length=200), nullable=True))
    op.create_foreign_key(
        op.f("fk_links_agency_id_public_link_id"),
        "links",
        "public_links",
        ["agency_id", "public_link_id"],
        ["agency_id", "id"],
    )


def downgrade() -> None:
    op.drop_constraint(op.f("fk_links_agency_id_public_link_id"), "links", type_="foreignkey")
    op.drop_column("links", "claimed_external_id")
    op.drop_column("links", "public_link_id")
    op.drop_index("ix_public_link_uses_public_link_id", table_name="public_link_uses")
    op.drop_table("public_link_uses")
    op.drop_index("ix_intake_files_link_id", table_name="intake_files")
    op.drop_table("intake_files")
    op.drop_table("intake_answers")
    op.drop_table("presets")
    op.drop_table("public_links")
