"""Use case: queue an e-mail."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import ids
from app.kit.encryption import Keyring
from app.mail import rendering
from app.mail.models import Mail, content_place
from app.mail.rendered_email import EmailBranding, Recipient
from app.mail.rendering import Shown

#: The language of the templates.
LANGUAGE = "en"


@dataclass(frozen=True)
class MailQueue:
    """Everything needed to queue an e-mail. None if mail is off, so that nobody can promise one.

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
    letter = rendering.render(kind, letterhead, LANGUAGE, context)
    sealed = outbox.keyring.encrypt(letter.to_json(), bound_to=content_place(agency_id, mail_id))
    mail = Mail(
        agency_id=agency_id, id=mail_id, kind=kind, about_id=about_id, language=LANGUAGE, to_email=to.email,
        to_name=to.name, content_encrypted=sealed, not_after=not_after, due_at=func.now(),
    )  # fmt: skip
    session.add(mail)
    await session.flush()
    return mail
