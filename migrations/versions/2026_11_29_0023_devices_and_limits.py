"""Client browsers are distinguished: codes for new devices, a browser per connection, limits, screens reported once.

For each link with personal data, the browser that opened it first counts as the client's.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_OWNERS = """
    UPDATE link_sessions AS one SET verified_at = one.created_at, verified_by = 'answer'
    FROM (SELECT DISTINCT ON (agency_id, link_id) agency_id, id, link_id FROM link_sessions
          ORDER BY agency_id, link_id, created_at, id) AS first, links, intakes
    WHERE one.agency_id = first.agency_id AND one.id = first.id
      AND links.agency_id = first.agency_id AND links.id = first.link_id
      AND intakes.agency_id = links.agency_id AND intakes.id = links.id
      AND (links.submitted_at IS NOT NULL OR (intakes.contacts IS NOT NULL AND intakes.contacts <> 'null'::jsonb)
        OR EXISTS (SELECT FROM connections WHERE connections.agency_id = links.agency_id
                   AND connections.link_id = links.id)
        OR EXISTS (SELECT FROM intake_answers WHERE intake_answers.agency_id = links.agency_id
                   AND intake_answers.link_id = links.id))
"""
_CONNECTIONS = """
    UPDATE connections SET browser_id = link_sessions.id FROM link_sessions
    WHERE link_sessions.agency_id = connections.agency_id AND link_sessions.link_id = connections.link_id
      AND link_sessions.verified_at IS NOT NULL
"""


def upgrade() -> None:
    op.add_column("link_sessions", sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("link_sessions", sa.Column("verified_by", sa.String(length=16), nullable=True))
    op.drop_constraint("uq_link_sessions_cookie_hash", "link_sessions", type_="unique")
    op.create_unique_constraint(
        "uq_link_sessions_cookie_hash_agency_id_link_id", "link_sessions", ["cookie_hash", "agency_id", "link_id"]
    )
    op.add_column("connections", sa.Column("browser_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_connections_agency_id_browser_id"),
        "connections",
        "link_sessions",
        ["agency_id", "browser_id"],
        ["agency_id", "id"],
    )
    op.add_column(
        "intakes",
        sa.Column("screens_completed", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
    )
    op.execute(_OWNERS)
    op.execute(_CONNECTIONS)
    op.create_table(
        "device_codes",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("browser_id", sa.Uuid(), nullable=True),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("sent_to", sa.String(length=254), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "link_id"], ["links.agency_id", "links.id"], name=op.f("fk_device_codes_agency_id_link_id")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "browser_id"],
            ["link_sessions.agency_id", "link_sessions.id"],
            name=op.f("fk_device_codes_agency_id_browser_id"),
        ),
        sa.PrimaryKeyConstraint("agency_id", "id", name=op.f("pk_device_codes")),
    )
    op.create_index("ix_device_codes_link_id", "device_codes", ["agency_id", "link_id", "id"])
    op.create_table(
        "throttles",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_throttles")),
    )
    op.create_index("ix_throttles_full_at", "throttles", ["full_at"])


def downgrade() -> None:
    op.drop_table("throttles")
    op.drop_table("device_codes")
    op.drop_column("intakes", "screens_completed")
    op.drop_constraint("fk_connections_agency_id_browser_id", "connections", type_="foreignkey")
    op.drop_column("connections", "browser_id")
    op.drop_constraint("uq_link_sessions_cookie_hash_agency_id_link_id", "link_sessions", type_="unique")
    # a browser may have several links open by now; each keeps the latest
    op.execute(
        "DELETE FROM link_sessions AS one USING link_sessions AS other "
        "WHERE one.cookie_hash = other.cookie_hash AND one.id < other.id"
    )
    op.create_unique_constraint("uq_link_sessions_cookie_hash", "link_sessions", ["cookie_hash"])
    op.drop_column("link_sessions", "verified_by")
    op.drop_column("link_sessions", "verified_at")
