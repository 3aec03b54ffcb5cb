"""Answers to a preset's own questions, and the files given with them."""

from datetime import datetime

from sqlalchemy import Index, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to


class IntakeAnswer(Base):
    """One answer; an empty one was asked for and left out."""

    __tablename__ = "intake_answers"
    __table_args__ = (belongs_to("links", "link_id"),)

    agency_id: Mapped[str] = agency_key()
    link_id: Mapped[str] = mapped_column(ids.Id("link"), primary_key=True)
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class IntakeFile(CreatedAt, Base):
    """One file given as an answer; its bytes are sealed, bound to this row, and loaded only to be downloaded."""

    __tablename__ = "intake_files"
    __table_args__ = (belongs_to("links", "link_id"), Index("ix_intake_files_link_id", "agency_id", "link_id"))

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("file"), primary_key=True)
    link_id: Mapped[str] = mapped_column(ids.Id("link"))
    key: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[bytes]
    sealed: Mapped[bytes] = mapped_column(deferred=True, deferred_raiseload=True)
