"""A client's form that could not be saved is kept with its browser; nobody completes the checklist any more."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_ANSWERS = "answer IN ('yes', 'no', 'own', 'plan', 'later'{})"


def upgrade() -> None:
    op.add_column("link_sessions", sa.Column("draft", postgresql.JSONB(), nullable=True))
    op.execute("DELETE FROM readiness_answers WHERE item = 'whole_list'")
    op.drop_constraint("ck_readiness_answers_answer", "readiness_answers")
    op.create_check_constraint(op.f("ck_readiness_answers_answer"), "readiness_answers", _ANSWERS.format(""))


def downgrade() -> None:
    op.drop_constraint("ck_readiness_answers_answer", "readiness_answers")
    op.create_check_constraint(op.f("ck_readiness_answers_answer"), "readiness_answers", _ANSWERS.format(", 'seen'"))
    op.drop_column("link_sessions", "draft")
