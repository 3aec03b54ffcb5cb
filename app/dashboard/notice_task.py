"""Periodic task: tells members about the links that they look after, at once or in one e-mail a day.

A round looks at what happened since the last one. Each e-mail is queued once for its occasion, also if a round is
repeated.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.dashboard import turns
from app.dashboard.member_session import ACCOUNT, PATH
from app.kit.database import CROSS_TENANT, Sessions
from app.kit.i18n import locales
from app.links import emails, queries
from app.links.models import Link
from app.mail import service as mails
from app.mail.rendered_email import Recipient
from app.mail.service import MailQueue
from app.tenants.agencies import service as agencies
from app.tenants.agencies.models import Agency
from app.tenants.agencies.reminder_schedule import ReminderSettings
from app.tenants.clients.models import Client
from app.tenants.members import notices
from app.tenants.members import service as members
from app.tenants.members.models import Member
from app.tenants.members.notices import Notice
from app.webhooks.models import PeriodicTask

#: Key of the task.
NOTICES = "notices"
EVERY = timedelta(minutes=5)
#: How long it must be the agency's turn before it is told: Keyturn often goes on by itself.
SETTLED = timedelta(minutes=10)
STUCK_AFTER = timedelta(hours=48)
#: Hour of the day from which the digest is sent, in the agency's time zone.
DIGEST_HOUR = 8
_DIGEST = f"{emails.NOTICE}digest"
#: Rounds overlap, because a transaction may commit after the time that it writes down.
_OVERLAP = timedelta(minutes=2)
#: Most links in a digest.
_MOST = 200
_A_DAY = timedelta(days=1)
#: Actors whose turn may be forgotten.
_OTHERS = ("client", "platform")
_LIVES = Link.revoked_at.is_(None), Link.status.not_in(("draft", "expired"))


@dataclass(frozen=True)
class NoticeContext:
    """Dependencies of the task. `outbox` None: mail is off, and nobody is told."""

    sessions: Sessions
    outbox: MailQueue | None


@dataclass(frozen=True)
class Occasion:
    """Something about a link that its readers are told, and since when it is so."""

    agency_id: str
    link_id: str
    notice: Notice
    since: datetime


async def run(tools: NoticeContext) -> timedelta:
    """Tell what happened since the last round, and send the digests that are due. Returns the delay until the next."""
    async with tools.sessions() as session:
        now: datetime = (await session.execute(select(func.now()))).scalar_one()
        after = await session.scalar(select(PeriodicTask.reached).where(PeriodicTask.id == NOTICES)) or now
        found = await _occasions(session, after, now)
    if tools.outbox is not None:
        for each in found:
            await _tell(tools.sessions, tools.outbox, each)
        await _send_digests(tools.sessions, tools.outbox, now)
    async with tools.sessions.begin() as session:
        await session.execute(update(PeriodicTask).where(PeriodicTask.id == NOTICES).values(reached=now - _OVERLAP))
    return EVERY


async def _occasions(session: AsyncSession, after: datetime, now: datetime) -> list[Occasion]:
    """Everything to tell between two times."""
    recent = or_(
        Link.completed_at > after, Link.needed_again_at > after, Link.next_actor_since > after - STUCK_AFTER
    )  # fmt: skip
    rows = (await session.scalars(select(Link).where(*_LIVES, recent), execution_options=CROSS_TENANT)).all()
    return [each for row in rows for each in _of_link(row, after, now)]


def _of_link(link: Link, after: datetime, now: datetime) -> Iterator[Occasion]:
    def happened(since: datetime | None, delay: timedelta = timedelta(0)) -> bool:
        return since is not None and after < since + delay <= now

    turn = link.next_actor_since
    told: dict[Notice, datetime | None] = {
        "done": link.completed_at if link.status == "completed" and happened(link.completed_at) else None,
        "drifted": link.needed_again_at if link.status == "drifted" and happened(link.needed_again_at) else None,
        "needs_you": turn if link.next_actor == "agency" and happened(turn, SETTLED) else None,
        "stuck": turn if link.next_actor in _OTHERS and happened(turn, STUCK_AFTER) else None,
    }
    for notice, since in told.items():
        if since is not None:
            yield Occasion(link.agency_id, link.id, notice, since)


async def _tell(sessions: Sessions, outbox: MailQueue, occasion: Occasion) -> None:
    """Queue the e-mails of one occasion; when all is done, also the client's. The link is locked meanwhile."""
    agency_id = occasion.agency_id
    async with sessions.begin() as session:
        aggregate = await queries.load_link(session, agency_id, occasion.link_id, lock=True)
        if occasion.notice == "done":
            await emails.email_done(session, outbox, aggregate)
        situation = turns.situation(aggregate.link, aggregate.access_requests)
        for member in notices.readers(await members.every(session, agency_id), aggregate.link.owner_member_id):
            kind = f"{emails.NOTICE}{occasion.notice}"
            if not notices.wants(member, occasion.notice) or await mails.was_queued(
                session, agency_id, about_id=occasion.link_id, kind=kind, to=member.email, since=occasion.since
            ):
                continue
            days = {"days": (aggregate.now - occasion.since).days} if occasion.notice == "stuck" else {}
            await _queue(
                session, outbox, aggregate.agency, member, kind, about_id=occasion.link_id,
                client=aggregate.client.name, missing=situation.missing, step=situation.step or None,
                since=occasion.since, address=f"{outbox.public_url}{PATH}/links/{occasion.link_id}", **days,
            )  # fmt: skip


async def _queue(
    session: AsyncSession, outbox: MailQueue, agency: Agency, member: Member, kind: str, *, about_id: str,
    **shown: mails.Shown,
) -> None:  # fmt: skip
    language = locales.best((agency.language,), locales.of_dashboard(outbox.languages))
    await mails.queue(
        session, outbox, agency.id, kind=kind, to=Recipient(member.email, member.name),
        letterhead=agencies.email_branding(agency), about_id=about_id, languages=(language,),
        context={**shown, "settings_address": f"{outbox.public_url}{ACCOUNT}#the-notices"},
    )  # fmt: skip


async def _send_digests(sessions: Sessions, outbox: MailQueue, now: datetime) -> None:
    """Send the digest of today to each member who wants it, from the morning on."""
    wanted = select(Member).where(Member.digest, Member.removed_at.is_(None))
    async with sessions() as session:
        rows = (await session.scalars(wanted, execution_options=CROSS_TENANT)).all()
    for row in rows:
        async with sessions.begin() as session:
            member = await members.find(session, row.agency_id, row.id, lock=True)
            agency = await agencies.find(session, row.agency_id)
            local = now.astimezone(ZoneInfo(ReminderSettings.of(agency.reminders).time_zone))
            morning = local.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
            if local >= morning and not await mails.was_queued(
                session, agency.id, about_id=member.id, kind=_DIGEST, to=member.email, since=morning.astimezone(UTC)
            ):
                await _send_digest(session, outbox, agency, member, local)


async def _send_digest(session: AsyncSession, outbox: MailQueue, agency: Agency, member: Member, now: datetime) -> None:
    """Queue the digest, unless there is nothing to tell."""
    everybody = await members.every(session, agency.id)
    groups: dict[str, list[str]] = {"waiting": [], "stuck": [], "drifted": [], "done": []}
    for link, client in await session.execute(_news(agency.id, now)):
        if member in notices.readers(everybody, link.owner_member_id):
            groups[_group(link)].append(client)
    count = sum(map(len, groups.values()))
    if count:
        await _queue(
            session, outbox, agency, member, _DIGEST, about_id=member.id, today=now.date(), count=count,
            address=f"{outbox.public_url}{PATH}", **{name: tuple(clients) for name, clients in groups.items()},
        )  # fmt: skip


def _news(agency_id: str, now: datetime) -> Select[Link, str]:
    """Links of an agency that a digest names, with their clients, the longest wait first."""
    stuck = Link.next_actor.in_(_OTHERS) & (Link.next_actor_since < now - STUCK_AFTER)
    news = or_(Link.status == "drifted", Link.completed_at > now - _A_DAY, Link.next_actor == "agency", stuck)
    rows = select(Link, Client.name).join(Client, (Client.agency_id == Link.agency_id) & (Client.id == Link.client_id))
    rows = rows.where(Link.agency_id == agency_id, *_LIVES, news)
    return rows.order_by(Link.next_actor_since, Link.id).limit(_MOST)


def _group(link: Link) -> str:
    if link.status in ("drifted", "completed"):
        return {"drifted": "drifted", "completed": "done"}[link.status]
    return "waiting" if link.next_actor == "agency" else "stuck"
