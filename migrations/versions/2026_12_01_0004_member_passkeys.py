"""Passkeys of members, and the challenges that they answer."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PROOFS = ("password", "provider", "address")


def upgrade() -> None:
    op.create_table(
        "member_passkeys",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "member_id"], ["members.agency_id", "members.id"],
            name=op.f("fk_member_passkeys_agency_id_member_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_member_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_member_passkeys_credential_id")),
    )  # fmt: skip
    op.create_index("ix_member_passkeys_member", "member_passkeys", ["agency_id", "member_id"], unique=False)
    op.create_table(
        "passkey_challenges",
        sa.Column("challenge_hash", sa.LargeBinary(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_passkey_challenges")),
    )
    op.create_index(op.f("ix_passkey_challenges_expires_at"), "passkey_challenges", ["expires_at"], unique=False)
    _proofs((*PROOFS, "passkey"))
    columns = ("member_id", "name", "credential_id", "public_key", "blocked_at")
    lists = ", ".join("'{" + each + "}'" for each in (",".join(columns), "name", "credential_id,public_key"))
    call = f"EXECUTE FUNCTION record_audit_entry('member_passkey', {lists})"
    old, new = (", ".join(f'{row}."{name}"' for name in columns) for row in ("OLD", "NEW"))
    op.execute(f"CREATE TRIGGER audit_rows AFTER INSERT OR DELETE ON member_passkeys FOR EACH ROW {call}")
    op.execute(
        "CREATE TRIGGER audit_changes AFTER UPDATE ON member_passkeys "
        f"FOR EACH ROW WHEN (ROW({old}) IS DISTINCT FROM ROW({new})) {call}"
    )


def downgrade() -> None:
    op.execute("DELETE FROM member_sessions WHERE proof = 'passkey'")
    _proofs(PROOFS)
    for table in ("passkey_challenges", "member_passkeys"):
        op.drop_table(table)


def _proofs(known: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_member_sessions_proof"), "member_sessions")
    op.create_check_constraint(op.f("ck_member_sessions_proof"), "member_sessions", f"proof IN {known}")
