"""Indexes of the dashboard's lists and counts."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_STAGE, _LINK = "ix_links_agency_id_stage_next_actor_since_id", "ix_access_requests_link_id"
_BY_STAGE = ["agency_id", "stage", "next_actor_since", "id"]


def upgrade() -> None:
    op.drop_index(_STAGE, "links")
    op.create_index(_STAGE, "links", _BY_STAGE, postgresql_include=["next_actor"])
    op.create_index(
        "ix_links_times", "links", ["agency_id", "created_at"],
        postgresql_include=["opened_at", "submitted_at", "completed_at", "preset"],
    )  # fmt: skip
    op.drop_index(_LINK, "access_requests")
    op.create_index(
        _LINK, "access_requests", ["agency_id", "link_id"], postgresql_include=["asset_name", "asset_id"]
    )  # fmt: skip
    op.create_index(
        "ix_access_requests_code", "access_requests", ["agency_id", "code"],
        postgresql_where=sa.text("code IS NOT NULL"),
    )  # fmt: skip
    op.create_index(
        "ix_grants_current", "grants", ["agency_id", "status", "id"], postgresql_where=sa.text("status <> 'ended'"),
        postgresql_include=["client_id", "asset_name", "asset_id", "client_account_id"],
    )  # fmt: skip
    op.create_index(
        "ix_grants_found", "grants", ["agency_id", "id"],
        postgresql_where=sa.text("access_request_id IS NULL AND status <> 'ended'"),
    )  # fmt: skip
    op.create_index(
        "ix_buyer_access_closed", "buyer_access", ["agency_id", "grant_id"],
        postgresql_where=sa.text("wanted AND status NOT IN ('open', 'ended')"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_buyer_access_closed", "buyer_access")
    op.drop_index("ix_grants_found", "grants")
    op.drop_index("ix_grants_current", "grants")
    op.drop_index("ix_access_requests_code", "access_requests")
    op.drop_index(_LINK, "access_requests")
    op.create_index(_LINK, "access_requests", ["agency_id", "link_id"])
    op.drop_index("ix_links_times", "links")
    op.drop_index(_STAGE, "links")
    op.create_index(_STAGE, "links", _BY_STAGE)
