"""Queries of logos."""

import hmac

from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.errors import NotFound
from app.tenants.agencies import queries as agencies
from app.tenants.agencies.logos.models import AgencyLogo


async def find(session: AsyncSession, agency_id: str) -> AgencyLogo | None:
    """The agency's logo."""
    return await session.get(AgencyLogo, agency_id)


async def by_address(session: AsyncSession, slug: str, sha256: str) -> bytes:
    """The bytes of the picture served at this address. Raises NotFound."""
    agency = await agencies.by_slug(session, slug)
    logo = await find(session, agency.id) if agency else None
    if logo is None or not hmac.compare_digest(logo.sha256.encode(), sha256.encode()):
        raise NotFound
    return logo.png
