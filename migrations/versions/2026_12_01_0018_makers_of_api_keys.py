"""API keys name the member who made them. Those of earlier keys are read from the events that tell of them."""

import sqlalchemy as sa
from alembic import op
from typeid.codecs import base32

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("made_by_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_api_keys_agency_id_made_by_id"), "api_keys", "members",
        ["agency_id", "made_by_id"], ["agency_id", "id"],
    )  # fmt: skip
    made = sa.text(
        "SELECT agency_id, subject_id, actor_kind, actor_id FROM events WHERE type = 'api_key.created' "
        "AND actor_kind IN ('member', 'api_key') ORDER BY id"
    )
    # a key that was made by a key has the maker of that one, which is older
    maker = sa.text(
        "UPDATE api_keys SET made_by_id = CASE :kind WHEN 'member' THEN CAST(:actor AS uuid) ELSE "
        "(SELECT made_by_id FROM api_keys AS maker WHERE maker.agency_id = :agency AND maker.id = :actor) END "
        "WHERE agency_id = :agency AND id = :key"
    )
    connection = op.get_bind()
    for agency_id, key_id, kind, actor_id in connection.execute(made).all():
        given = {"agency": agency_id, "kind": kind, "actor": _uuid(actor_id), "key": _uuid(key_id)}
        connection.execute(maker, given)


def downgrade() -> None:
    op.drop_constraint(op.f("fk_api_keys_agency_id_made_by_id"), "api_keys")
    op.drop_column("api_keys", "made_by_id")


def _uuid(public_id: str) -> str:
    """The UUID of a public id."""
    return base32.decode(public_id.rpartition("_")[2]).hex()
