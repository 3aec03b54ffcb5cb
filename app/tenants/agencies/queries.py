"""Queries of agencies."""

from collections.abc import Sequence

from sqlalchemy import Exists, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.errors import AppError, NotFound
from app.tenants.agencies.models import Agency, BusinessCenter, PlatformApp


class AgencyUnclear(AppError):
    """The command does not name an agency, or names an unknown one."""

    status = 404
    code = "agency_unclear"
    detail = "Which agency? There is none, or more than one, that this could be about."


async def find(session: AsyncSession, agency_id: str) -> Agency:
    """Load the agency. Raises NotFound."""
    found = await session.get(Agency, agency_id)
    if found is None:
        raise NotFound
    return found


async def by_slug(session: AsyncSession, slug: str) -> Agency | None:
    """The agency with this slug, for the command line."""
    return (await session.scalars(select(Agency).where(Agency.slug == slug))).one_or_none()


async def every(session: AsyncSession) -> Sequence[Agency]:
    """All agencies of the installation, for the command line."""
    return (await session.scalars(select(Agency).order_by(Agency.slug))).all()


async def chosen(session: AsyncSession, slug: str | None) -> Agency:
    """The agency of a command: the one named, else the only one. Raises AgencyUnclear."""
    found = await every(session)
    meant = [agency for agency in found if slug in (None, agency.slug)]
    if len(meant) == 1:
        return meant[0]
    slugs = ", ".join(agency.slug for agency in found)
    raise AgencyUnclear(
        hint=f"Say --agency with one of: {slugs}." if slugs else "Make one with `keyturn agency create`."
    )


async def business_centers(session: AsyncSession, agency_id: str, platform: str) -> Sequence[BusinessCenter]:
    """The agency's Business Centers in the order they were added."""
    rows = select(BusinessCenter).where(BusinessCenter.agency_id == agency_id, BusinessCenter.platform == platform)
    return (await session.scalars(rows.order_by(BusinessCenter.id))).all()


async def business_center(session: AsyncSession, agency_id: str, center_id: str) -> BusinessCenter | None:
    """One of the agency's Business Centers, by Keyturn's id."""
    return await session.get(BusinessCenter, (agency_id, center_id))


async def platform_app(session: AsyncSession, agency_id: str, platform: str) -> PlatformApp | None:
    """The agency's own app at a platform, if it has one."""
    rows = select(PlatformApp).where(
        PlatformApp.agency_id == agency_id, PlatformApp.platform == platform, PlatformApp.replaced_at.is_(None)
    )
    return (await session.scalars(rows)).one_or_none()


def has_platform_app(agency_id: str, platform: str) -> Exists:
    """Condition: the agency has an app of its own at a platform."""
    return exists().where(
        PlatformApp.agency_id == agency_id, PlatformApp.platform == platform, PlatformApp.replaced_at.is_(None)
    )


async def platform_app_by_id(session: AsyncSession, agency_id: str, platform: str, app_id: str) -> PlatformApp | None:
    """A current or former app of the agency, by the platform's id."""
    rows = select(PlatformApp).where(
        PlatformApp.agency_id == agency_id, PlatformApp.platform == platform, PlatformApp.app_id == app_id
    )
    return (await session.scalars(rows.order_by(PlatformApp.id.desc()).limit(1))).one_or_none()
