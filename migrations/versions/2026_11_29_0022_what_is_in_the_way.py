"""Blockers of access keep the platform's own message, and completed links can reopen."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_BEFORE = ("draft", "sent", "opened", "in_progress", "submitted", "completed", "expired", "revoked")
_AFTER = ("draft", "sent", "opened", "in_progress", "submitted", "completed", "drifted", "expired", "revoked")


def upgrade() -> None:
    op.add_column("access_requests", sa.Column("listed_at", sa.DateTime(timezone=True)))
    op.add_column("access_requests", sa.Column("platform_operation", sa.String(64)))
    op.add_column("access_requests", sa.Column("platform_code", sa.Integer))
    op.add_column("access_requests", sa.Column("platform_message", sa.String(2000)))
    op.add_column("access_requests", sa.Column("platform_request_id", sa.String(128)))
    op.add_column("grants", sa.Column("code", sa.String(48)))
    op.add_column("grants", sa.Column("next_actor", sa.String(16)))
    op.add_column("handshakes", sa.Column("away_since", sa.DateTime(timezone=True)))
    op.add_column("links", sa.Column("needed_again_at", sa.DateTime(timezone=True)))
    _statuses(_AFTER)


def downgrade() -> None:
    op.execute("UPDATE links SET status = 'completed' WHERE status = 'drifted'")
    _statuses(_BEFORE)
    op.drop_column("links", "needed_again_at")
    op.drop_column("handshakes", "away_since")
    op.drop_column("grants", "next_actor")
    op.drop_column("grants", "code")
    for name in ("platform_request_id", "platform_message", "platform_code", "platform_operation", "listed_at"):
        op.drop_column("access_requests", name)


def _statuses(names: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_links_status"), "links")
    op.create_check_constraint(op.f("ck_links_status"), "links", f"status IN {names}")
