"""Periodic task: reminds clients whose turn it is, by the schedule of their link."""

from dataclasses import dataclass
from datetime import timedelta

import structlog

from app.client_portal import client_message
from app.kit.actor import system_actor
from app.kit.database import Sessions
from app.kit.errors import AppError
from app.links import emails, queries, reminders
from app.mail import service as mails
from app.mail.service import MailQueue
from app.platforms.registry import Platforms

log = structlog.get_logger(__name__)
#: Key of the task.
REMINDERS = "reminders"
EVERY = timedelta(minutes=5)
_MOST = 500
#: Least time between any e-mail to the client about the link and a reminder.
_APART = timedelta(hours=20)
_TO_CLIENT = (emails.INVITATION, emails.CLIENT_NEEDED, client_message.REMINDER)


@dataclass(frozen=True)
class ReminderContext:
    """Dependencies of the task. `outbox` None: mail is off, and nobody is reminded."""

    sessions: Sessions
    outbox: MailQueue | None
    platforms: Platforms


async def run(tools: ReminderContext) -> timedelta:
    """Remind clients once, each in a transaction of its own. Returns the delay until the next round."""
    if tools.outbox is None:
        return EVERY
    async with tools.sessions() as session:
        found = await reminders.due(session, _MOST)
    for agency_id, link_id in found:
        try:
            await remind(tools, agency_id, link_id)
        except AppError as refused:
            log.info("reminder.not_sent", link=link_id, code=refused.code)
    return EVERY


async def remind(tools: ReminderContext, agency_id: str, link_id: str) -> bool:
    """Remind the client of a link if that is due now. True if an e-mail was queued."""
    async with tools.sessions.begin() as session:
        aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
        at = reminders.next_at(aggregate)
        if at is None or at > aggregate.now:
            return False
        last = await mails.last_queued(session, agency_id, about_id=link_id, kinds=_TO_CLIENT)
        if last is not None and aggregate.now - last < _APART:
            return False
        reminders.count_sent(aggregate)
        try:
            await client_message.send(
                session, agency_id, link_id, outbox=tools.outbox, platforms=tools.platforms, actor=system_actor()
            )
        except client_message.NothingToSay:
            return False
        return True
