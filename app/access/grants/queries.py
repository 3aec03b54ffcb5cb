"""Reading grants."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.grants.models import Grant
from app.kit import change_feed
from app.kit.change_feed import ChangePage
from app.kit.errors import NotFound


async def find(session: AsyncSession, agency_id: str, grant_id: str, *, lock: bool = False) -> Grant:
    """One grant. Raises NotFound."""
    found = await session.get(Grant, (agency_id, grant_id), with_for_update=lock or None)
    if found is None:
        raise NotFound
    return found


async def of_ask(session: AsyncSession, agency_id: str, ask_id: str) -> Grant | None:
    """The grant that answers an ask, ended ones left out."""
    rows = select(Grant).where(Grant.agency_id == agency_id, Grant.ask_id == ask_id, Grant.state != "ended")
    return (await session.scalars(rows)).one_or_none()


async def of_asks(session: AsyncSession, agency_id: str, ask_ids: Collection[str]) -> Mapping[str, Grant]:
    """The grants that answer asks, by ask; ended ones left out."""
    if not ask_ids:
        return {}
    rows = select(Grant).where(Grant.agency_id == agency_id, Grant.ask_id.in_(ask_ids), Grant.state != "ended")
    return {str(grant.ask_id): grant for grant in await session.scalars(rows)}


async def answered_asks(session: AsyncSession, agency_id: str, client_id: str) -> frozenset[str]:
    """The asks of a client whose access is there, whatever is asked for now."""
    rows = select(Grant.ask_id).where(
        Grant.agency_id == agency_id, Grant.client_id == client_id, Grant.ask_id.is_not(None), Grant.state != "ended"
    )
    return frozenset(ask_id for ask_id in await session.scalars(rows) if ask_id)


async def being_revoked(session: AsyncSession, agency_id: str, client_id: str) -> bool:
    """True if some access of a client is still to be taken away."""
    rows = select(Grant.id).where(Grant.agency_id == agency_id, Grant.client_id == client_id, Grant.state == "revoking")
    return (await session.execute(select(rows.exists()))).scalar_one()


async def page(
    session: AsyncSession,
    agency_id: str,
    *,
    limit: int,
    cursor: str | None = None,
    client_id: str | None = None,
    updated_since: datetime | None = None,
) -> ChangePage[Grant]:
    """Grants, newest first; with `updated_since` in the order of their changes."""
    rows = select(Grant).where(Grant.agency_id == agency_id)
    if client_id:
        rows = rows.where(Grant.client_id == client_id)
    return await change_feed.page(session, rows, Grant, limit=limit, cursor=cursor, since=updated_since)
