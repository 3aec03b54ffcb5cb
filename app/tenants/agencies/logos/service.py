"""Use cases of the logo: set and remove."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.recorder import record
from app.kit.errors import NotFound
from app.tenants.agencies import queries as agencies
from app.tenants.agencies.logos import queries
from app.tenants.agencies.logos.image import Picture
from app.tenants.agencies.logos.models import AgencyLogo
from app.tenants.agencies.models import Agency


async def set_logo(session: AsyncSession, agency_id: str, made: Picture, *, actor: str) -> Agency:
    """Show the picture on the clients' pages, replacing any other."""
    agency = await agencies.find(session, agency_id)
    logo = await queries.find(session, agency_id)
    if logo is None:
        logo = AgencyLogo(agency_id=agency_id)
        session.add(logo)
    logo.png, logo.sha256, logo.width, logo.height = made.png, made.sha256, made.width, made.height
    named = {"sha256": made.sha256, "width": made.width, "height": made.height}
    agency.brand = {**agency.brand, "logo": named}
    await record(session, catalog.AGENCY_LOGO_SET, agency_id=agency_id, subject_id=agency_id, actor=actor)
    return agency


async def remove_logo(session: AsyncSession, agency_id: str, *, actor: str) -> None:
    """Show the first letter of the name again. Raises NotFound if there is no logo."""
    logo = await queries.find(session, agency_id)
    if logo is None:
        raise NotFound("There is no logo.", hint="Nothing to do.")
    await session.delete(logo)
    agency = await agencies.find(session, agency_id)
    agency.brand = {key: value for key, value in agency.brand.items() if key != "logo"}
    await record(session, catalog.AGENCY_LOGO_REMOVED, agency_id=agency_id, subject_id=agency_id, actor=actor)
