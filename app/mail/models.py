"""Table of outgoing e-mails and their results."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to_agency
from app.kit.jobs import JobMixin


class Mail(JobMixin, CreatedAt, Base):
    """One e-mail to one person. Due until it was sent or failed; then its content is deleted."""

    __tablename__ = "mails"
    __table_args__ = (
        belongs_to_agency(),
        CheckConstraint("sent_at IS NULL OR failed_at IS NULL", name="one_end"),
        CheckConstraint("(content_encrypted IS NULL) = (sent_at IS NOT NULL OR failed_at IS NOT NULL)", name="content"),
        Index("ix_mails_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_mails_about", "agency_id", "about_id", "id"),
    )

    agency_id: Mapped[str] = agency_key()
    id: Mapped[str] = mapped_column(ids.Id("mail"), primary_key=True)
    #: the folder of its templates
    kind: Mapped[str] = mapped_column(String(32))
    #: the id of its subject, in any room
    about_id: Mapped[str] = mapped_column(String(128))
    language: Mapped[str] = mapped_column(String(16))
    to_email: Mapped[str] = mapped_column(String(254))
    to_name: Mapped[str | None] = mapped_column(String(200))
    #: a `RenderedEmail`, encrypted: it may contain a link's secret address
    content_encrypted: Mapped[bytes | None]
    #: time after which it is not sent any more
    not_after: Mapped[datetime | None]
    attempt_count: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    #: the last failure as a sentence
    last_error: Mapped[str | None] = mapped_column(String(500))


def content_place(agency_id: str, mail_id: str) -> str:
    """The row that the encrypted content is bound to."""
    return f"mails.content_encrypted:{agency_id}:{mail_id}"
