"""Queue of outgoing e-mails: render, encrypt and enqueue one, and find the newest about a subject."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from jinja2 import Environment, StrictUndefined
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import clock, ids
from app.kit.encryption import Keyring
from app.kit.html.render import Rooms
from app.mail import rendered_email
from app.mail.models import Mail, content_place
from app.mail.rendered_email import EmailBranding, Recipient, RenderedEmail

#: The language of the templates.
LANGUAGE = "en"
#: Values of templates: text (always one line), times, booleans and lists of text.
Shown = str | datetime | bool | None | tuple[str, ...]


@dataclass(frozen=True)
class MailQueue:
    """Everything needed to queue an e-mail. None if mail is off, so that no caller can promise one.

    `public_url` is the address of this installation, for links in e-mails.
    """

    keyring: Keyring
    public_url: str


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
    not_after: datetime | None = None,
) -> Mail:
    """Render and encrypt an e-mail and make it due, in the caller's transaction."""
    mail_id = ids.new("mail")
    letter = render(kind, letterhead, LANGUAGE, context)
    encrypted = outbox.keyring.encrypt(letter.to_json(), bound_to=content_place(agency_id, mail_id))
    mail = Mail(
        agency_id=agency_id, id=mail_id, kind=kind, about_id=about_id, language=LANGUAGE, to_email=to.email,
        to_name=to.name, content_encrypted=encrypted, not_after=not_after, due_at=func.now(),
    )  # fmt: skip
    session.add(mail)
    await session.flush()
    return mail


async def newest(session: AsyncSession, agency_id: str, *, about_id: str, kind: str) -> Mail | None:
    """The newest e-mail of one kind about one subject."""
    rows = select(Mail).where(Mail.agency_id == agency_id, Mail.about_id == about_id, Mail.kind == kind)
    return (await session.scalars(rows.order_by(Mail.id.desc()).limit(1))).one_or_none()


def render(kind: str, letterhead: EmailBranding, language: str, context: Mapping[str, Shown]) -> RenderedEmail:
    """Render the e-mail of `templates/<kind>`. An undefined name in a template is an error."""
    shown = {
        "agency": letterhead.agency,
        "contact_name": letterhead.contact.name,
        "contact_email": letterhead.contact.email,
        "colour": letterhead.colour,
        "language": language,
        **context,
    }
    lines = {key: _in_one_line(value) for key, value in shown.items()}
    subject, text, html = (
        _environment().get_template(f"mail:{kind}/{part}").render(lines)
        for part in ("subject.txt", "text.txt", "html.html")
    )
    return RenderedEmail(
        letterhead.agency, letterhead.contact, rendered_email.one_line(subject), text.strip() + "\n", html
    )


def _in_one_line(value: Shown) -> Shown:
    if isinstance(value, str):
        return rendered_email.one_line(value)
    if isinstance(value, tuple):
        return tuple(rendered_email.one_line(each) for each in value)
    return value


def _escapes(template: str | None) -> bool:
    return not (template or "").endswith(".txt")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=Rooms(),
        autoescape=_escapes,  # noqa: S701 - only plain text is not escaped
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(day=clock.long_date, moment=clock.long_time)
    return made
