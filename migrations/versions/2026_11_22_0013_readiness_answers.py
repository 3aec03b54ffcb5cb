"""What clients say themselves about being ready: each word with who said it and when."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "readiness_answers",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.String(length=32), nullable=False),
        sa.Column("answer", sa.String(length=8), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "answer IN ('yes', 'no', 'own', 'plan', 'later', 'seen')", name=op.f("ck_readiness_answers_answer")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"],
            ["links.agency_id", "links.id"],
            name=op.f("fk_readiness_answers_agency_id_link_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_readiness_answers")),
    )
    op.create_index("ix_readiness_answers_link_id", "readiness_answers", ["agency_id", "link_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_readiness_answers_link_id", table_name="readiness_answers")
    op.drop_table("readiness_answers")
