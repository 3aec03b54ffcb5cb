"""Queries of the agency's ids on manual platforms."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.tenants.agencies.platform_ids.models import PlatformIdentity


async def every(session: AsyncSession, agency_id: str) -> Mapping[str, Mapping[str, str]]:
    """The agency's ids by platform; platforms without ids are omitted."""
    rows = select(PlatformIdentity).where(PlatformIdentity.agency_id == agency_id)
    return {row.platform: row.identifiers for row in await session.scalars(rows)}
