"""Reading grants."""

from collections.abc import Sequence
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


async def of_access_request(session: AsyncSession, agency_id: str, access_request_id: str) -> Grant | None:
    """The grant that answers an access request, ended ones left out."""
    rows = select(Grant).where(
        Grant.agency_id == agency_id, Grant.access_request_id == access_request_id, Grant.status != "ended"
    )
    return (await session.scalars(rows)).one_or_none()


async def of_client(session: AsyncSession, agency_id: str, client_id: str) -> Sequence[Grant]:
    """Current grants of a client that answer an access request or are to be removed. Found ones may be thousands."""
    rows = select(Grant).where(
        Grant.agency_id == agency_id, Grant.client_id == client_id, Grant.status != "ended",
        Grant.access_request_id.is_not(None) | (Grant.status == "revoking"),
    )  # fmt: skip
    return (await session.scalars(rows.order_by(Grant.id))).all()


async def answered_access_requests(session: AsyncSession, agency_id: str, client_id: str) -> frozenset[str]:
    """The access requests of a client whose access is there, whatever is asked for now."""
    rows = select(Grant.access_request_id).where(
        Grant.agency_id == agency_id,
        Grant.client_id == client_id,
        Grant.access_request_id.is_not(None),
        Grant.status != "ended",
    )
    return frozenset(access_request_id for access_request_id in await session.scalars(rows) if access_request_id)


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
