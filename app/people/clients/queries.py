"""Reading clients."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.refusal import NotFound
from app.people.clients.model import Client


async def find(session: AsyncSession, agency_id: str, client_id: str) -> Client:
    """One client. Raises NotFound."""
    found = await session.get(Client, (agency_id, client_id))
    if found is None:
        raise NotFound
    return found


async def by_external_id(session: AsyncSession, agency_id: str, external_id: str) -> Client | None:
    """The client with this id in the agency's CRM."""
    rows = select(Client).where(Client.agency_id == agency_id, Client.external_id == external_id)
    return (await session.scalars(rows)).one_or_none()


async def page(
    session: AsyncSession,
    agency_id: str,
    *,
    limit: int,
    before: str | None = None,
    external_id: str | None = None,
    updated_since: datetime | None = None,
) -> Sequence[Client]:
    """Clients, newest first; `before` is the id of the last one seen."""
    rows = select(Client).where(Client.agency_id == agency_id)
    if before:
        rows = rows.where(Client.id < before)
    if external_id:
        rows = rows.where(Client.external_id == external_id)
    if updated_since:
        rows = rows.where(Client.updated_at >= updated_since)
    return (await session.scalars(rows.order_by(Client.id.desc()).limit(limit))).all()
