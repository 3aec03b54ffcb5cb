"""Sign-ins of members in the audit log: sessions, refused attempts; and the member who made an invitation."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

#: Audited columns of members before and after, personal ones, and secrets.
BEFORE = "name email role password_hash totp_secret_encrypted totp_enabled_at recovery_codes_hash removed_at"
AFTER = BEFORE.replace(" removed_at", " sign_in_failed_at sign_in_failed_with removed_at")
PERSONAL, SECRETS = "name email", "password_hash totp_secret_encrypted recovery_codes_hash"


def upgrade() -> None:
    op.add_column("members", sa.Column("sign_in_failed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("members", sa.Column("sign_in_failed_with", sa.String(length=8), nullable=True))
    op.add_column("member_invitations", sa.Column("made_by_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_member_invitations_agency_id_made_by_id"), "member_invitations", "members",
        ["agency_id", "made_by_id"], ["agency_id", "id"],
    )  # fmt: skip
    _without("members")
    _audit("members", "member", AFTER, PERSONAL, SECRETS)
    _audit("member_sessions", "member_session", "member_id awaits_code proof", "", "")


def downgrade() -> None:
    for table in ("member_sessions", "members"):
        _without(table)
    _audit("members", "member", BEFORE, PERSONAL, SECRETS)
    op.drop_column("member_invitations", "made_by_id")
    for column in ("sign_in_failed_with", "sign_in_failed_at"):
        op.drop_column("members", column)


def _without(table: str) -> None:
    for trigger in ("audit_rows", "audit_changes"):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")


def _audit(table: str, subject: str, columns: str, personal: str, secrets: str) -> None:
    names = columns.split()
    lists = ", ".join("'{" + ",".join(each.split()) + "}'" for each in (columns, personal, secrets))
    call = f"EXECUTE FUNCTION record_audit_entry('{subject}', {lists})"
    old, new = (", ".join(f'{row}."{name}"' for name in names) for row in ("OLD", "NEW"))
    op.execute(f"CREATE TRIGGER audit_rows AFTER INSERT OR DELETE ON {table} FOR EACH ROW {call}")
    op.execute(
        f"CREATE TRIGGER audit_changes AFTER UPDATE ON {table} "
        f"FOR EACH ROW WHEN (ROW({old}) IS DISTINCT FROM ROW({new})) {call}"
    )
