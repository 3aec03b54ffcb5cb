"""Imports of what an agency has already, the partners they find, and where a client record comes from."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
RUNNING = sa.text("state = 'running'")


def _trouble() -> list[sa.Column[object]]:
    return [
        sa.Column("code", sa.String(48)),
        sa.Column("platform_code", sa.Integer()),
        sa.Column("platform_message", sa.String()),
        sa.Column("platform_request_id", sa.String(128)),
    ]


def upgrade() -> None:
    op.add_column("clients", sa.Column("origin", sa.String(8), server_default="made", nullable=False))
    op.create_check_constraint(op.f("ck_clients_origin"), "clients", "origin IN ('made', 'found')")
    op.create_index("ix_grants_bc_id", "grants", ["agency_id", "bc_id"])
    op.create_table(
        "imports",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("agency_bc_id", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("state", sa.String(8), server_default="running", nullable=False),
        sa.Column("setbacks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("partners_total", sa.Integer()),
        *(
            sa.Column(name, sa.Integer(), server_default="0", nullable=False)
            for name in (
                "partners_done", "catalogs_done", "unreadable", "grants_found", "grants_ended", "roles_changed",
            )
        ),
        sa.Column("finished_at", TIME),
        *_trouble(),
        sa.Column("due_at", TIME),
        sa.Column("lease_until", TIME),
        sa.Column("lease_token", sa.Uuid()),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('running', 'done', 'failed')", name=op.f("ck_imports_state")),
        sa.CheckConstraint("reason IN ('connected', 'asked', 'watch')", name=op.f("ck_imports_reason")),
        sa.CheckConstraint("(state = 'failed') = (code IS NOT NULL)", name=op.f("ck_imports_failed_has_code")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_imports_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_imports")),
    )  # fmt: skip
    op.create_index(
        "uq_imports_running", "imports", ["agency_id", "platform", "agency_bc_id"], unique=True,
        postgresql_where=RUNNING,
    )  # fmt: skip
    op.create_index("ix_imports_due", "imports", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    op.create_table(
        "partners",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("agency_bc_id", sa.String(32), nullable=False),
        sa.Column("bc_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("client_id", sa.Uuid()),
        sa.Column("linked", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("to_read", sa.String(16)),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_seen_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("gone_at", TIME),
        *_trouble(),
        sa.CheckConstraint("to_read IN ('ad_account', 'catalog')", name=op.f("ck_partners_to_read")),
        sa.CheckConstraint("client_id IS NOT NULL OR NOT linked", name=op.f("ck_partners_linked_to_a_client")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_partners_agency_id")),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"], ["clients.agency_id", "clients.id"], name=op.f("fk_partners_agency_id_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "import_id"], ["imports.agency_id", "imports.id"], name=op.f("fk_partners_agency_id_import_id")
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_partners")),
        sa.UniqueConstraint(
            "agency_id", "platform", "agency_bc_id", "bc_id",
            name=op.f("uq_partners_agency_id_platform_agency_bc_id_bc_id"),
        ),
    )  # fmt: skip
    op.create_index(
        "ix_partners_to_read", "partners", ["agency_id", "import_id"], postgresql_where=sa.text("to_read IS NOT NULL")
    )
    op.create_index("ix_partners_client_id", "partners", ["agency_id", "client_id"])


def downgrade() -> None:
    op.drop_table("partners")
    op.drop_table("imports")
    op.drop_index("ix_grants_bc_id", "grants")
    op.drop_constraint(op.f("ck_clients_origin"), "clients", type_="check")
    op.drop_column("clients", "origin")
