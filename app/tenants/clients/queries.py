"""Queries of clients."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import change_feed
from app.kit.change_feed import ChangePage
from app.kit.errors import NotFound
from app.tenants.clients.models import Client


async def find(session: AsyncSession, agency_id: str, client_id: str) -> Client:
    """Load one client. Raises NotFound."""
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
    cursor: str | None = None,
    external_id: str | None = None,
    updated_since: datetime | None = None,
) -> ChangePage[Client]:
    """Clients, newest first; with `updated_since`, in the order of their changes."""
    rows = select(Client).where(Client.agency_id == agency_id)
    if external_id:
        rows = rows.where(Client.external_id == external_id)
    return await change_feed.page(session, rows, Client, limit=limit, cursor=cursor, since=updated_since)
