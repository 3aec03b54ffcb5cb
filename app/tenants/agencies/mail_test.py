"""Mail test: a real e-mail to a person of the agency, and the mail server's own words about it."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Exists, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import clock, throttle
from app.kit.i18n.message import _
from app.kit.throttle import Limit, LimitReached
from app.mail import sending_limits
from app.mail import service as mails
from app.mail.rendered_email import Recipient
from app.mail.service import Mail, MailNotConfigured, MailQueue
from app.tenants.agencies import service as agencies
from app.tenants.agencies.models import Agency

KIND = "mail_test"
_LIMIT = Limit(KIND, most=10, within=timedelta(minutes=10))
#: Shorter than the wait after a first attempt, so that there is one attempt and its result is final.
_LIFE = timedelta(seconds=55)


class TooManyMailTests(LimitReached):
    """The agency has reached the limit of test e-mails."""

    code = "too_many_mail_tests"
    message = _("Too many test e-mails were sent in the last minutes.")


async def send(
    session: AsyncSession, outbox: MailQueue | None, agency: Agency, *, to: Recipient, language: str | None = None
) -> Mail:
    """Queue a test e-mail; the worker sends it at once, without further attempts.

    Raises MailNotConfigured, TooManyMailTests, TooManyMails.
    """
    if outbox is None:
        raise MailNotConfigured
    await throttle.take_or_refuse(session, TooManyMailTests, (_LIMIT, agency.id))
    await sending_limits.take(session, outbox, agency.id, to.email)
    return await mails.queue(
        session, outbox, agency.id, kind=KIND, to=to, letterhead=agencies.email_branding(agency), about_id=agency.id,
        context={"asked_by": to.name or to.email}, languages=(language, agency.language),
        not_after=clock.now() + _LIFE,
    )  # fmt: skip


async def recent(session: AsyncSession, agency_id: str, *, limit: int) -> Sequence[Mail]:
    """The agency's last test e-mails, newest first."""
    rows = select(Mail).where(Mail.agency_id == agency_id, Mail.about_id == agency_id, Mail.kind == KIND)
    return (await session.scalars(rows.order_by(Mail.id.desc()).limit(limit))).all()


def has_passed(agency_id: str) -> Exists:
    """Condition: the mail server has accepted a test e-mail of the agency."""
    return exists().where(
        Mail.agency_id == agency_id, Mail.about_id == agency_id, Mail.kind == KIND, Mail.sent_at.is_not(None)
    )
