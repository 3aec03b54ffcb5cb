"""Making endpoints and events, and doing what is due."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from app.events.model import Event, EventFanout
from app.events.record import record
from app.events.types import asks
from app.events.types.kinds import EventType
from app.kit import due
from app.kit.database import Sessions
from app.kit.vault import Vault
from app.webhooks.dispatch.due import Tools, deliver, fan_out
from app.webhooks.dispatch.model import Attempt, Delivery
from app.webhooks.endpoints.actions import Wish, create_endpoint
from app.webhooks.endpoints.model import Endpoint

LEASE = timedelta(seconds=40)


async def make_endpoint(
    sessions: Sessions,
    vault: Vault,
    agency_id: str,
    url: str,
    event_types: Sequence[str] = ("ask.*",),
    **wish: Any,
) -> tuple[Endpoint, str]:
    """An endpoint and its secret."""
    async with sessions.begin() as session:
        return await create_endpoint(
            session, agency_id, Wish(url=url, event_types=event_types, **wish), vault=vault, actor="test"
        )


async def happen(sessions: Sessions, agency_id: str, event_type: EventType = asks.VERIFIED, **data: Any) -> Event:
    """An event as an action would record it."""
    async with sessions.begin() as session:
        subject = data.get("link_id", "link_1")
        return await record(session, event_type, agency_id=agency_id, subject_id=subject, actor="test", data=data)


async def fan_all_out(tools: Tools) -> None:
    """Does every fan-out that is due."""
    while rows := await due.claim(tools.sessions, EventFanout, limit=20, lease=LEASE):
        for row in rows:
            await fan_out(tools, row)


async def claimed(tools: Tools) -> Delivery:
    """The one delivery that is due, claimed as the worker does."""
    [row] = await due.claim(tools.sessions, Delivery, limit=20, lease=LEASE)
    return row


async def attempt(tools: Tools) -> Delivery:
    """Sends the one delivery that is due, and reads it again."""
    row = await claimed(tools)
    await deliver(tools, row)
    return await again(tools.sessions, row)


async def again(sessions: Sessions, row: Delivery) -> Delivery:
    """The delivery as it is now."""
    query = select(Delivery).where(Delivery.agency_id == row.agency_id, Delivery.id == row.id)
    async with sessions() as session:
        return (await session.scalars(query)).one()


async def deliveries(sessions: Sessions, agency_id: str) -> list[Delivery]:
    """All deliveries of an agency, oldest first."""
    query = select(Delivery).where(Delivery.agency_id == agency_id).order_by(Delivery.id)
    async with sessions() as session:
        return list((await session.scalars(query)).all())


async def attempts(sessions: Sessions, row: Delivery) -> list[Attempt]:
    """The attempts of a delivery, oldest first."""
    query = select(Attempt).where(Attempt.agency_id == row.agency_id, Attempt.delivery_id == row.id)
    async with sessions() as session:
        return list((await session.scalars(query.order_by(Attempt.id))).all())


async def change(sessions: Sessions, row: Delivery, **values: Any) -> None:
    """Sets columns of a delivery, for what would take days to come about."""
    async with sessions.begin() as session:
        await session.execute(
            update(Delivery)
            .where(Delivery.agency_id == row.agency_id, Delivery.id == row.id)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
