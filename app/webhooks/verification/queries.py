"""How much was sent by hand of late: tests and challenges together."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.models import Event
from app.events.types.webhooks import VERIFICATION_SENT
from app.kit import clock, ids
from app.webhooks.models import Delivery

_MINUTE = timedelta(minutes=1)
#: As far as the clocks of two machines may lie apart: ids are theirs, times the database's.
_APART = timedelta(minutes=1)


async def one_at_a_time(session: AsyncSession, agency_id: str) -> None:
    """Lets whoever counts before sending by hand wait for whoever of the agency does so now."""
    lock = func.hashtextextended(f"webhook tests {agency_id}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(lock)))


async def sent_in_last_minute(session: AsyncSession, agency_id: str) -> int:
    """How many tests and challenges an agency had sent in the last minute."""
    asked = select(func.count()).where(
        Event.agency_id == agency_id,
        Event.id >= ids.first("evt", clock.now() - _MINUTE - _APART),
        Event.type == VERIFICATION_SENT.name,
        Event.occurred_at > func.now() - _MINUTE,
    )
    challenges = (await session.execute(asked)).scalar_one()
    made = select(func.count()).where(
        Delivery.agency_id == agency_id,
        Delivery.id >= ids.first("delivery", clock.now() - _MINUTE - _APART),
        Delivery.series == "test",
        Delivery.created_at > func.now() - _MINUTE,
    )
    tests = (await session.execute(made)).scalar_one()
    return challenges + tests
