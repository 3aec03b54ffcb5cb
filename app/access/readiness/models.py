"""Table of clients' answers to readiness checks."""

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to

#: Item of the row that the client has completed the checklist.
WHOLE_LIST = "whole_list"


class ReadinessAnswer(CreatedAt, Base):
    """A client's answer to one check: the newest counts. It names a person, and is deleted with their data."""

    __tablename__ = "readiness_answers"
    __table_args__ = (
        belongs_to("links", "link_id"),
        CheckConstraint("answer IN ('yes', 'no', 'own', 'plan', 'later', 'seen')", name="answer"),
        Index("ix_readiness_answers_link_id", "agency_id", "link_id", "id"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("answer"), primary_key=True)
    link_id: Mapped[str] = mapped_column(ids.Id("link"))
    item: Mapped[str] = mapped_column(String(32))
    answer: Mapped[str] = mapped_column(String(8))
    #: who pays and how, if the answer needs it
    note: Mapped[str | None] = mapped_column(String(500))
    #: name of the person who answered
    by: Mapped[str] = mapped_column(String(120))
