"""Members of agencies, their sessions and invitations, and the code with which the first one is made."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROLE = "role IN ('owner', 'manager', 'member', 'viewer')"
#: Audited tables, as in 0001.
AUDITED = {
    "members": (
        "member",
        "name email role password_hash totp_secret_encrypted totp_enabled_at recovery_codes_hash removed_at",
        "name email",
        "password_hash totp_secret_encrypted recovery_codes_hash",
    ),
    "member_invitations": (
        "member_invitation",
        "email role member_id token_hash expires_at used_at withdrawn_at",
        "email",
        "token_hash",
    ),
}


def upgrade() -> None:
    op.create_table(
        "members",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("totp_secret_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("totp_enabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=True),
        sa.Column("recovery_codes_hash", ARRAY(sa.String(length=64)), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(ROLE, name=op.f("ck_members_role")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_members_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_members")),
    )
    present = sa.text("removed_at IS NULL")
    op.create_index("uq_members_email", "members", ["agency_id", "email"], unique=True, postgresql_where=present)
    op.create_index("ix_members_email", "members", ["email"], unique=False, postgresql_where=present)
    op.create_table(
        "member_sessions",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("cookie_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_agent", sa.String(length=256), nullable=False),
        sa.Column("network_address", sa.String(length=64), nullable=False),
        sa.Column("awaits_code", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("proof", sa.String(length=8), nullable=False),
        sa.Column("authenticated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("proof IN ('password', 'provider', 'address')", name=op.f("ck_member_sessions_proof")),
        sa.ForeignKeyConstraint(
            ["agency_id", "member_id"], ["members.agency_id", "members.id"],
            name=op.f("fk_member_sessions_agency_id_member_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_member_sessions")),
        sa.UniqueConstraint("cookie_hash", name=op.f("uq_member_sessions_cookie_hash")),
    )  # fmt: skip
    op.create_index("ix_member_sessions_member", "member_sessions", ["agency_id", "member_id"], unique=False)
    op.create_index("ix_member_sessions_expires_at", "member_sessions", ["expires_at"], unique=False)
    op.create_table(
        "member_invitations",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(ROLE, name=op.f("ck_member_invitations_role")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_member_invitations_agency_id")),
        sa.ForeignKeyConstraint(
            ["agency_id", "member_id"], ["members.agency_id", "members.id"],
            name=op.f("fk_member_invitations_agency_id_member_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_member_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_member_invitations_token_hash")),
    )  # fmt: skip
    op.create_table(
        "setup_codes",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_setup_codes")),
    )
    for table, (subject, columns, personal, secrets) in AUDITED.items():
        _audit(table, subject, columns.split(), personal.split(), secrets.split())


def downgrade() -> None:
    for table in ("setup_codes", "member_invitations", "member_sessions", "members"):
        op.drop_table(table)


def _audit(table: str, subject: str, columns: list[str], personal: list[str], secrets: list[str]) -> None:
    lists = ", ".join("'{" + ",".join(each) + "}'" for each in (columns, personal, secrets))
    call = f"EXECUTE FUNCTION record_audit_entry('{subject}', {lists})"
    old, new = (", ".join(f'{row}."{name}"' for name in columns) for row in ("OLD", "NEW"))
    op.execute(f"CREATE TRIGGER audit_rows AFTER INSERT OR DELETE ON {table} FOR EACH ROW {call}")
    op.execute(
        f"CREATE TRIGGER audit_changes AFTER UPDATE ON {table} "
        f"FOR EACH ROW WHEN (ROW({old}) IS DISTINCT FROM ROW({new})) {call}"
    )
