"""Reminders of a link: which are due, its schedule, and their end at the client's request."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import ids
from app.kit.database import CROSS_TENANT
from app.links import queries
from app.links.aggregate import LinkAggregate
from app.tenants.agencies import reminder_schedule
from app.tenants.agencies.reminder_schedule import ReminderSettings

#: Those that are due by their days, without a look at quiet hours.
_DUE = (
    text("""
        SELECT links.agency_id, links.id
        FROM agencies
        JOIN links ON links.agency_id = agencies.id AND links.next_actor = 'client' AND links.status <> 'draft'
            AND links.next_actor_since < now() - interval '1 day'
        JOIN clients ON clients.agency_id = links.agency_id AND clients.id = links.client_id
        CROSS JOIN LATERAL (
            SELECT coalesce(to_jsonb(links.reminder_days), agencies.reminders -> 'days', CAST(:days AS jsonb)) AS days,
                CASE WHEN links.reminded_turn = links.next_actor_since THEN links.reminders_sent ELSE 0 END AS sent
        ) AS plan
        WHERE links.reminders_ended_at IS NULL AND clients.contact_email IS NOT NULL
            AND links.next_actor_since + CAST(plan.days ->> CAST(plan.sent AS int) AS int) * interval '1 day' <= now()
        ORDER BY links.next_actor_since
        LIMIT :most
    """)
    .columns(agency_id=ids.Id("agency"), id=ids.Id("link"))
    .execution_options(**CROSS_TENANT)
)


async def due(session: AsyncSession, most: int) -> Sequence[tuple[str, str]]:
    """Agency and id of links whose client is to be reminded, the longest turn first; some may be in quiet hours."""
    found = await session.execute(_DUE, {"days": str(list(reminder_schedule.DEFAULT_DAYS)), "most": most})
    return [(row.agency_id, row.id) for row in found]


def settings_of(aggregate: LinkAggregate) -> ReminderSettings:
    """The settings of the link's agency."""
    return ReminderSettings.of(aggregate.agency.reminders)


def days_of(aggregate: LinkAggregate) -> tuple[int, ...]:
    """The days on which its client is reminded: its own, else those of the agency."""
    own = aggregate.link.reminder_days
    return settings_of(aggregate).days if own is None else tuple(own)


def next_at(aggregate: LinkAggregate) -> datetime | None:
    """Time of the next reminder; None if it is not the client's turn, or none is to come."""
    link = aggregate.link
    turn = link.next_actor_since
    if link.next_actor != "client" or turn is None or link.status == "draft" or aggregate.is_dead:
        return None
    if link.reminders_ended_at is not None or not aggregate.client.contact_email:
        return None
    settings = settings_of(aggregate)
    where = reminder_schedule.zone(link.time_zone, aggregate.intake.markets or (), settings)
    sent = link.reminders_sent if link.reminded_turn == turn else 0
    return reminder_schedule.following(turn, sent, days_of(aggregate), settings, where)


def count_sent(aggregate: LinkAggregate) -> None:
    """Record a reminder. It stands for all whose day has come, so that a late one is not followed by another."""
    link = aggregate.link
    assert link.next_actor_since is not None
    past = [each for each in days_of(aggregate) if link.next_actor_since + timedelta(days=each) <= aggregate.now]
    link.reminded_turn, link.reminders_sent = link.next_actor_since, len(past)


async def set_schedule(
    session: AsyncSession, agency_id: str, link_id: str, *, days: Sequence[int] | None, time_zone: str | None
) -> LinkAggregate:
    """Set the days and the time zone of a link; None: as of the agency. Raises NotFound."""
    aggregate = await queries.load_link(session, agency_id, link_id, lock=True)
    aggregate.link.reminder_days = None if days is None else list(days)
    aggregate.link.time_zone = time_zone
    await aggregate.save(session)
    return aggregate


async def end(session: AsyncSession, aggregate: LinkAggregate) -> None:
    """Send no more reminders, because the client asked for it."""
    aggregate.link.reminders_ended_at = aggregate.link.reminders_ended_at or aggregate.now
    await aggregate.save(session)
