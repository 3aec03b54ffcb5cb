"""Mails of the world's agencies, and the worker that sends them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select, update

from app.kit import jobs
from app.kit.encryption import Keyring
from app.mail import job as mail_job
from app.mail import service
from app.mail.job import MailContext
from app.mail.rendered_email import EmailBranding, Recipient
from app.mail.service import Mail, MailQueue, Shown
from docs import mail_examples
from tests.world import PUBLIC_URL, Corner

ADDRESS = mail_examples.ADDRESS
SECRET = ADDRESS.rpartition("/")[2]
ANA = Recipient("ana@maisonlune.example", "Ana Client")
INVITATION: Mapping[str, Shown] = {name: values[0] for name, values in mail_examples.VALUES["invitation"].items()}


def letterhead(agency: str = "North Agency", contact: Recipient | None = None) -> EmailBranding:
    """An agency as its e-mails show it."""
    return EmailBranding(agency, contact or Recipient("ana@north.example", "Ana Agent"), "#0b5cad")


async def owe(
    tools: MailContext,
    corner: Corner,
    *,
    to: Recipient = ANA,
    head: EmailBranding | None = None,
    not_after: datetime | None = None,
    **context: Shown,
) -> Mail:
    """An invitation that is owed; committed."""
    async with tools.sessions.begin() as session:
        return await service.queue(
            session, MailQueue(tools.keyring, PUBLIC_URL), corner.agency_id, kind="invitation", to=to,
            letterhead=head or letterhead(), about_id=corner.link_id, not_after=not_after,
            context={**INVITATION, **context}, languages=(),
        )  # fmt: skip


async def work(tools: MailContext, *, hurry: bool = False) -> int:
    """What the worker does now; `hurry`: pauses are over, and the leases of the dead. How many were due."""
    if hurry:
        async with tools.sessions.begin() as session:
            over = update(Mail).where(Mail.due_at.is_not(None)).values(due_at=func.now(), lease_until=None)
            await session.execute(over.execution_options(across_agencies=True))
    rows = await jobs.claim(tools.sessions, Mail, limit=10, lease=mail_job.LEASE)
    for row in rows:
        await mail_job.send(tools, row)
    return len(rows)


async def seen(tools: MailContext, corner: Corner, mail: Mail) -> Mail:
    """The row as it is now."""
    async with tools.sessions() as session:
        rows = select(Mail).where(Mail.agency_id == corner.agency_id, Mail.id == mail.id)
        return (await session.scalars(rows)).one()


def without_key(tools: MailContext) -> MailContext:
    """The same with another key ring."""
    return replace(tools, keyring=Keyring((("other", bytes(32)),)))
