"""Outgoing e-mails: their table, and a queue that renders, encrypts and enqueues them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Literal

from jinja2 import Environment
from markupsafe import Markup
from sqlalchemy import CheckConstraint, Index, String, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import ids
from app.kit.database import Base, CreatedAt, agency_key, belongs_to_agency
from app.kit.encryption import Keyring
from app.kit.errors import AppError
from app.kit.html.render import Rooms
from app.kit.i18n import locales, templates
from app.kit.i18n.message import Text, _
from app.kit.jobs import JobMixin
from app.mail import rendered_email, styles
from app.mail.rendered_email import EmailBranding, Recipient, RenderedEmail

#: Values of templates: text (names in one line), numbers, times, booleans and lists of text.
Shown = Text | int | date | bool | None | tuple[Text, ...]


class MailNotConfigured(AppError):
    """This installation sends no e-mails."""

    status = 409
    code = "mail_off"
    detail = "This installation sends no e-mails."
    hint = "Set KEYTURN_SMTP_URL and KEYTURN_MAIL_FROM, and restart Keyturn."
    message = _("This installation sends no e-mails.")
    advice = _(
        "Ask the person who runs it to set {first} and {second}.", first="KEYTURN_SMTP_URL", second="KEYTURN_MAIL_FROM"
    )


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
    #: the mail server's own words about the last attempt, or why there are none; for the operator
    detail: Mapped[str | None] = mapped_column(String(500))

    @property
    def status(self) -> Literal["waiting", "sent", "failed"]:
        """The end that it came to; `sent`: the mail server accepted it."""
        return "sent" if self.sent_at else "failed" if self.failed_at else "waiting"


@dataclass(frozen=True)
class MailQueue:
    """Everything needed to queue an e-mail. None if mail is off, so that no caller can promise one.

    `public_url` is the address of this installation, for links in e-mails. `languages`: tags of those it offers.
    """

    keyring: Keyring
    public_url: str
    languages: tuple[str, ...] = field(default_factory=locales.offered)


def content_place(agency_id: str, mail_id: str) -> str:
    """The row that the encrypted content is bound to."""
    return f"mails.content_encrypted:{agency_id}:{mail_id}"


async def queue(
    session: AsyncSession,
    outbox: MailQueue,
    agency_id: str,
    *,
    kind: str,
    to: Recipient,
    letterhead: EmailBranding,
    about_id: str,
    context: Mapping[str, Shown],
    languages: Sequence[str | None],
    not_after: datetime | None = None,
) -> Mail:
    """Render and encrypt an e-mail and make it due, in the caller's transaction.

    `languages`: wanted ones, the most wanted first; None is skipped, and without an offered one it is English.
    """
    mail_id, language = ids.new("mail"), locales.best(languages, outbox.languages)
    letter = render(kind, letterhead, language, context)
    encrypted = outbox.keyring.encrypt(letter.to_json(), bound_to=content_place(agency_id, mail_id))
    mail = Mail(
        agency_id=agency_id, id=mail_id, kind=kind, about_id=about_id, language=language, to_email=to.email,
        to_name=to.name, content_encrypted=encrypted, not_after=not_after, due_at=func.now(),
    )  # fmt: skip
    session.add(mail)
    await session.flush()
    return mail


async def newest(session: AsyncSession, agency_id: str, *, about_id: str, kind: str) -> Mail | None:
    """The newest e-mail of one kind about one subject."""
    rows = select(Mail).where(Mail.agency_id == agency_id, Mail.about_id == about_id, Mail.kind == kind)
    return (await session.scalars(rows.order_by(Mail.id.desc()).limit(1))).one_or_none()


async def was_queued(
    session: AsyncSession, agency_id: str, *, about_id: str, kind: str, to: str, since: datetime
) -> bool:
    """True if an e-mail of one kind about one subject was queued for an address since a time."""
    rows = select(Mail.id).where(Mail.agency_id == agency_id, Mail.about_id == about_id, Mail.kind == kind)
    return bool(await session.scalar(select(rows.where(Mail.to_email == to, Mail.created_at >= since).exists())))


async def last_queued(session: AsyncSession, agency_id: str, *, about_id: str, kinds: Sequence[str]) -> datetime | None:
    """Time of the last e-mail of these kinds about one subject."""
    times = select(func.max(Mail.created_at)).where(Mail.agency_id == agency_id, Mail.about_id == about_id)
    return await session.scalar(times.where(Mail.kind.in_(kinds)))


def render(kind: str, letterhead: EmailBranding, language: str, context: Mapping[str, Shown]) -> RenderedEmail:
    """Render the e-mail of `templates/<kind>`. An undefined name in a template is an error."""
    shown = {
        "agency": letterhead.agency,
        "contact_name": letterhead.contact.name,
        "contact_email": letterhead.contact.email,
        "colour": letterhead.colour,
        **context,
    }
    lines = {key: _in_one_line(value) for key, value in shown.items()}
    subject = rendered_email.one_line(_render(language, f"{kind}/subject.txt", lines))
    lines["subject"] = subject
    direction = locales.find(language).direction
    return RenderedEmail(
        sender=letterhead.sender or locales.find(language).text(_("{agency} via Keyturn", agency=letterhead.agency)),
        contact=letterhead.contact,
        subject=subject,
        text=_render(language, f"{kind}/text.txt", lines).strip() + "\n",
        html=styles.inlined(_render(language, f"{kind}/html.html", lines), letterhead.colour, direction),
    )


def _render(language: str, template: str, shown: Mapping[str, Shown]) -> str:
    return _environment(language).get_template(f"mail:{template}").render(shown)


def _in_one_line(value: Shown) -> Shown:
    if isinstance(value, str):
        return rendered_email.one_line(value)
    if isinstance(value, tuple):
        return tuple(rendered_email.one_line(each) if isinstance(each, str) else each for each in value)
    return value


def _escapes(template: str | None) -> bool:
    return not (template or "").endswith(".txt")


@cache
def _environment(language: str) -> Environment:
    made = templates.environment(Rooms(), locales.find(language), autoescape=_escapes)
    made.globals["mail_to"] = _mail_to
    return made


def _mail_to(email: str) -> Markup:
    """A link to an address, for HTML."""
    return Markup('<a href="mailto:{0}">{0}</a>').format(email)
