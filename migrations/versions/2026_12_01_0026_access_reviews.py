"""Reviews: a client says, by name, that the access of its link is still right."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_reviews",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"], ["links.agency_id", "links.id"], name=op.f("fk_access_reviews_agency_id_link_id")
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_access_reviews")),
    )
    op.create_index("ix_access_reviews_link_id", "access_reviews", ["agency_id", "link_id", "id"])


def downgrade() -> None:
    op.drop_table("access_reviews")
